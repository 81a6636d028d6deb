// Attention of one new token per sequence against cached keys and values.
//
// Keys are stored in panels [32 tokens][dim][32] (the token innermost), so scores are sums of
// broadcast queries times vectors of tokens, with no horizontal sums; values are plain rows. A task
// is (run of neighbouring rows that share a prefix, kv head): the shared prefix is read once for up
// to CK_DECODE_ROWS queries of the run.

enum { CK_DECODE_ROWS = 16 };

typedef struct {
  const float *k, *v;
  float *keys, *values;
  int64_t capacity, position, tokens, kv_heads, dim;
} kv_write_job;

static void kv_write_task(void *context, int64_t kv) {
  const kv_write_job *job = context;
  int64_t dim = job->dim, stride = job->kv_heads * dim;
  float *keys = job->keys + kv * job->capacity * dim;
  float *values = job->values + kv * job->capacity * dim;
  for (int64_t t = 0; t < job->tokens; ++t) {
    int64_t at = job->position + t;
    const float *k = job->k + t * stride + kv * dim, *v = job->v + t * stride + kv * dim;
    float *panel = keys + at / CK_KV_LANES * CK_KV_LANES * dim + at % CK_KV_LANES;
    for (int64_t d = 0; d < dim; ++d) panel[d * CK_KV_LANES] = k[d];
    __builtin_memcpy(values + at * dim, v, sizeof(float) * (size_t)dim);
  }
}

static void kv_write(ck_pool *pool, const float *k, const float *v, float *keys, float *values,
                     int64_t capacity, int64_t position, int64_t tokens, int64_t kv_heads,
                     int64_t dim) {
  kv_write_job job = {k, v, keys, values, capacity, position, tokens, kv_heads, dim};
  if (tokens * kv_heads * dim < CK_GRAIN) {
    for (int64_t kv = 0; kv < kv_heads; ++kv) kv_write_task(&job, kv);
    return;
  }
  ck_parallel_for(pool, kv_heads, kv_write_task, &job);
}

typedef struct {
  const float *q;
  float *o;
  const ck_decode_row *table;
  const int64_t *runs;  // run r is rows runs[r] ..< runs[r + 1]
  int64_t heads, kv_heads, dim;
  float scale;
} decode_job;

// scores[r * stride + t] for t < count rounded up to 2 CK_W; q rows are packed [r][dim]. Two vectors
// of tokens at once: one would leave the multipliers waiting for their own sums.
CK_INLINE void decode_scores(const float *q, const float *keys, int64_t count, int64_t dim,
                             float *scores, int64_t stride, const int rows) {
  for (int64_t t = 0; t < count; t += 2 * CK_W) {
    const float *panel = keys + t / CK_KV_LANES * CK_KV_LANES * dim + t % CK_KV_LANES;
    vf acc[4][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) acc[r][0] = acc[r][1] = v_set(0);
    for (int64_t d = 0; d < dim; ++d) {
      vf k0 = v_load(panel + d * CK_KV_LANES), k1 = v_load(panel + d * CK_KV_LANES + CK_W);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; ++r) {
        acc[r][0] += k0 * q[r * dim + d];
        acc[r][1] += k1 * q[r * dim + d];
      }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) {
      v_store(scores + r * stride + t, acc[r][0]);
      v_store(scores + r * stride + t + CK_W, acc[r][1]);
    }
  }
}

// o[r] += sum over t of p[r][t] * values[t], in the order of t.
CK_INLINE void decode_values(const float *p, int64_t stride, const float *values, int64_t count,
                             int64_t dim, float *o, const int rows) {
  int64_t d = 0;
  for (; d + 2 * CK_W <= dim; d += 2 * CK_W) {
    vf acc[4][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) {
      acc[r][0] = v_load(o + r * dim + d);
      acc[r][1] = v_load(o + r * dim + d + CK_W);
    }
    for (int64_t t = 0; t < count; ++t) {
      vf v0 = v_load(values + t * dim + d), v1 = v_load(values + t * dim + d + CK_W);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; ++r) {
        acc[r][0] += v0 * p[r * stride + t];
        acc[r][1] += v1 * p[r * stride + t];
      }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) {
      v_store(o + r * dim + d, acc[r][0]);
      v_store(o + r * dim + d + CK_W, acc[r][1]);
    }
  }
  for (; d < dim; d += CK_W) {
    int64_t n = ck_min(CK_W, dim - d);
    for (int r = 0; r < rows; ++r) {
      vf acc = n == CK_W ? v_load(o + r * dim + d) : v_load_n(o + r * dim + d, n, 0);
      for (int64_t t = 0; t < count; ++t) {
        const float *at = values + t * dim + d;
        acc += (n == CK_W ? v_load(at) : v_load_n(at, n, 0)) * p[r * stride + t];
      }
      if (n == CK_W)
        v_store(o + r * dim + d, acc);
      else
        v_store_n(o + r * dim + d, acc, n);
    }
  }
}

#define CK_BY_FOUR(COUNT, CALL)                                  \
  for (int64_t r = 0; r < (COUNT);) {                            \
    int64_t left = (COUNT) - r;                                  \
    if (left >= 4) { enum { ROWS = 4 }; CALL; r += 4; }          \
    else if (left >= 2) { enum { ROWS = 2 }; CALL; r += 2; }     \
    else { enum { ROWS = 1 }; CALL; r += 1; }                    \
  }

static void decode_task(void *context, int64_t task) {
  const decode_job *job = context;
  int64_t dim = job->dim, group = job->heads / job->kv_heads;
  int64_t run = task / job->kv_heads, kv = task % job->kv_heads;
  int64_t first = job->runs[run], last = job->runs[run + 1];
  int64_t queries = (last - first) * group;
  const ck_kv_span *prefix = &job->table[first].prefix;
  int64_t prefix_room = ck_ceil_div(prefix->count, CK_KV_LANES) * CK_KV_LANES, own_room = 0;
  for (int64_t b = first; b < last; ++b) {
    int64_t count = job->table[b].own.count;
    own_room = ck_max(own_room, ck_ceil_div(count, CK_KV_LANES) * CK_KV_LANES);
  }
  int64_t stride = prefix_room + own_room;
  float *q = ck_scratch(CK_SCRATCH_TASK, sizeof(float) * (size_t)(queries * (2 * dim + stride + 1)));
  float *o = q + queries * dim, *sums = o + queries * dim, *scores = sums + queries;
  for (int64_t b = first; b < last; ++b)
    __builtin_memcpy(q + (b - first) * group * dim,
                     job->q + (b * job->heads + kv * group) * dim,
                     sizeof(float) * (size_t)(group * dim));

  CK_BY_FOUR(queries, decode_scores(q + r * dim, prefix->keys + kv * prefix->capacity * dim,
                                    prefix->count, dim, scores + r * stride, stride, ROWS))
  for (int64_t b = first; b < last; ++b) {
    const ck_kv_span *own = &job->table[b].own;
    float *rows = scores + (b - first) * group * stride + prefix_room;
    const float *rq = q + (b - first) * group * dim;
    CK_BY_FOUR(group, decode_scores(rq + r * dim, own->keys + kv * own->capacity * dim, own->count,
                                    dim, rows + r * stride, stride, ROWS))
  }
  for (int64_t r = 0; r < queries; ++r) {
    float *s = scores + r * stride, *s_own = s + prefix_room;
    int64_t own = job->table[first + r / group].own.count;
    vf largest = v_set(-__builtin_inff());
    for (int64_t t = 0; t < prefix->count; t += CK_W)
      largest = v_max(largest, v_keep(v_load(s + t), prefix->count - t, -__builtin_inff()));
    for (int64_t t = 0; t < own; t += CK_W)
      largest = v_max(largest, v_keep(v_load(s_own + t), own - t, -__builtin_inff()));
    float max = v_maximum(largest);
    vf total = v_set(0);
    for (int part = 0; part < 2; ++part) {
      float *x = part ? s_own : s;
      int64_t count = part ? own : prefix->count;
      for (int64_t t = 0; t < count; t += CK_W) {
        vf e = v_keep(v_exp((v_load(x + t) - max) * job->scale), count - t, 0);
        total += e;
        v_store(x + t, e);
      }
    }
    sums[r] = v_sum(total);
    for (int64_t d = 0; d < dim; ++d) o[r * dim + d] = 0;
  }
  CK_BY_FOUR(queries, decode_values(scores + r * stride, stride,
                                    prefix->values + kv * prefix->capacity * dim, prefix->count,
                                    dim, o + r * dim, ROWS))
  for (int64_t b = first; b < last; ++b) {
    const ck_kv_span *own = &job->table[b].own;
    const float *rows = scores + (b - first) * group * stride + prefix_room;
    float *ro = o + (b - first) * group * dim;
    CK_BY_FOUR(group, decode_values(rows + r * stride, stride,
                                    own->values + kv * own->capacity * dim, own->count, dim,
                                    ro + r * dim, ROWS))
  }
  for (int64_t b = first; b < last; ++b)
    for (int64_t g = 0; g < group; ++g) {
      int64_t r = (b - first) * group + g;
      float inverse = 1.0f / sums[r];
      float *out = job->o + (b * job->heads + kv * group + g) * dim;
      for (int64_t d = 0; d < dim; ++d) out[d] = o[r * dim + d] * inverse;
    }
}

static void decode_attention(ck_pool *pool, const float *q, float *o, const ck_decode_row *table,
                             int64_t rows, int64_t heads, int64_t kv_heads, int64_t dim,
                             float scale) {
  int64_t *runs = ck_scratch(CK_SCRATCH_SHARED, sizeof(int64_t) * (size_t)(rows + 1));
  int64_t count = 0, limit = ck_max(1, CK_DECODE_ROWS / (heads / kv_heads));
  for (int64_t b = 0; b < rows; ++b) {
    bool joins = count > 0 && b - runs[count - 1] < limit &&
                 table[b].prefix.keys == table[runs[count - 1]].prefix.keys &&
                 table[b].prefix.count == table[runs[count - 1]].prefix.count;
    if (!joins) runs[count++] = b;
  }
  runs[count] = rows;
  decode_job job = {.q = q, .o = o, .table = table, .runs = runs, .heads = heads,
                    .kv_heads = kv_heads, .dim = dim, .scale = scale};
  ck_parallel_for(pool, count * kv_heads, decode_task, &job);
}
