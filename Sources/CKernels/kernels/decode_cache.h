// The parts of decode.h that read or write the cache, for one type of its elements.

CK_INLINE vf CK_KV(load_n)(const CK_KV_TYPE *p, int64_t n) {
  CK_KV_TYPE lanes[CK_W] = {0};
  for (int i = 0; i < n; ++i) lanes[i] = p[i];
  return CK_KV_LOAD(lanes);
}

// One head's key and value of one token, at `at` of the head's part of the cache.
CK_INLINE void CK_KV(write)(const float *k, const float *v, CK_KV_TYPE *keys, CK_KV_TYPE *values,
                            int64_t at, int64_t dim) {
  CK_KV_TYPE *panel = keys + at / CK_KV_LANES * CK_KV_LANES * dim + at % CK_KV_LANES;
  for (int64_t d = 0; d < dim; ++d) {
    panel[d * CK_KV_LANES] = CK_KV_ROUND(k[d]);
    values[at * dim + d] = CK_KV_ROUND(v[d]);
  }
}

// Elements that are read soon. Memory should rest neither between two spans nor while a tile is computed.
typedef struct {
  const CK_KV_TYPE *at;
  int64_t count;
} CK_KV(soon);

// Asks for the lines of elements first ..< first + count.
CK_INLINE void CK_KV(ask)(CK_KV(soon) soon, int64_t first, int64_t count) {
  const int64_t line = 64 / (int64_t)sizeof(CK_KV_TYPE);
  for (int64_t i = first; i < ck_min(first + count, soon.count); i += line)
    __builtin_prefetch(soon.at + i);
}

// The beginning of a span's keys: as much as the arithmetic of a task can hide.
CK_INLINE CK_KV(soon) CK_KV(first_keys)(const CK_KV_TYPE *keys, int64_t count, int64_t dim) {
  return (CK_KV(soon)){keys, ck_min(CK_KEYS_AHEAD, ck_ceil_div(count, CK_KV_LANES) * CK_KV_LANES) * dim};
}

// Scores of `vectors` vectors of tokens: with fewer sums in flight the multipliers would wait for their
// own results. It asks for the values of the same tokens, which come next, and for the next keys: at once where
// memory sets the pace, spread over the sums where they take as long as memory does (BF16: 1.2 to 1.6 x).
CK_INLINE void CK_KV(score_tile)(const float *q, const CK_KV_TYPE *keys, int64_t t, int64_t dim,
                                 float *scores, int64_t stride, CK_KV(soon) next,
                                 CK_KV(soon) values, const int rows, const int vectors) {
  const CK_KV_TYPE *panel = keys + t / CK_KV_LANES * CK_KV_LANES * dim + t % CK_KV_LANES;
  vf acc[4][4];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) acc[r][v] = v_set(0);
  const int64_t tokens = vectors * CK_W;
  if (!CK_KV_SPREAD) {
    CK_KV(ask)(next, 0, tokens * dim);
    CK_KV(ask)(values, 0, tokens * dim);
  }
  for (int64_t d = 0; d < dim; ++d) {
    if (CK_KV_SPREAD) {
      CK_KV(ask)(next, d * tokens, tokens);
      CK_KV(ask)(values, d * tokens, tokens);
    }
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) {
      int64_t token = v * CK_W, lane = token % CK_KV_LANES;
      vf k = CK_KV_LOAD(panel + (token - lane) * dim + d * CK_KV_LANES + lane);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; ++r) acc[r][v] += k * q[r * dim + d];
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) v_store(scores + r * stride + t + v * CK_W, acc[r][v]);
}

// scores[r * stride + t] for t < count rounded up to CK_KV_LANES; q rows are packed [r][dim]. `next` is what
// is read after these keys.
CK_INLINE void CK_KV(scores)(const float *q, const CK_KV_TYPE *keys, const CK_KV_TYPE *values,
                             int64_t count, int64_t dim, float *scores, int64_t stride,
                             CK_KV(soon) next, const int rows) {
  int64_t room = ck_ceil_div(count, CK_KV_LANES) * CK_KV_LANES, t = 0;
  for (; t + 4 * CK_W <= room; t += 4 * CK_W) {
    int64_t end = t + 4 * CK_W;
    CK_KV(soon) keys_soon = {keys + end * dim, (room - end) * dim};
    CK_KV(soon) values_soon = {values + t * dim, (count - t) * dim};
    CK_KV(score_tile)(q, keys, t, dim, scores, stride, end < room ? keys_soon : next, values_soon,
                      rows, 4);
  }
  for (; t < count; t += 2 * CK_W) {
    CK_KV(soon) values_soon = {values + t * dim, (count - t) * dim};
    CK_KV(score_tile)(q, keys, t, dim, scores, stride, next, values_soon, rows, 2);
  }
}

// Some vectors of o[r] += sum over t of p[r][t] * values[t]: even and odd tokens apart, then together.
CK_INLINE void CK_KV(value_tile)(const float *p, int64_t stride, const CK_KV_TYPE *values,
                                 int64_t count, int64_t dim, float *o, const int rows,
                                 const int vectors) {
  vf acc[2][4][4];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) {
      acc[0][r][v] = v_load(o + r * dim + v * CK_W);
      acc[1][r][v] = v_set(0);
    }
  int64_t t = 0;
  for (; t + 2 <= count; t += 2)
#pragma clang loop unroll(full)
    for (int half = 0; half < 2; ++half)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) {
        vf value = CK_KV_LOAD(values + (t + half) * dim + v * CK_W);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; ++r) acc[half][r][v] += value * p[r * stride + t + half];
      }
  if (t < count)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) {
      vf value = CK_KV_LOAD(values + t * dim + v * CK_W);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; ++r) acc[0][r][v] += value * p[r * stride + t];
    }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v)
      v_store(o + r * dim + v * CK_W, acc[0][r][v] + acc[1][r][v]);
}

CK_INLINE void CK_KV(values)(const float *p, int64_t stride, const CK_KV_TYPE *values, int64_t count,
                             int64_t dim, float *o, const int rows) {
  int64_t d = 0;
  // Of 32 registers, two sets of sums may take 16.
  const int wide = CK_W == 16 && rows <= 2 ? 4 : 2;
  for (; d + wide * CK_W <= dim; d += wide * CK_W)
    CK_KV(value_tile)(p, stride, values + d, count, dim, o + d, rows, wide);
  for (; d + 2 * CK_W <= dim; d += 2 * CK_W)
    CK_KV(value_tile)(p, stride, values + d, count, dim, o + d, rows, 2);
  for (; d + CK_W <= dim; d += CK_W)
    CK_KV(value_tile)(p, stride, values + d, count, dim, o + d, rows, 1);
  if (d == dim) return;
  int64_t n = dim - d;
  for (int r = 0; r < rows; ++r) {
    vf acc[2] = {v_load_n(o + r * dim + d, n, 0), v_set(0)};
    int64_t even = count / 2 * 2;
    for (int64_t t = 0; t < count; ++t)
      acc[t < even ? t % 2 : 0] += CK_KV(load_n)(values + t * dim + d, n) * p[r * stride + t];
    v_store_n(o + r * dim + d, acc[0] + acc[1], n);
  }
}

#define kv_of(BASE, CAPACITY) \
  ((const CK_KV_TYPE *)(BASE) + ((2 * job->layer * job->kv_heads + kv) * (CAPACITY)) * dim)

// What a unit reads first.
static CK_KV(soon) CK_KV(first_of)(const decode_job *job, int64_t unit) {
  int64_t dim = job->dim, kv = unit % job->kv_heads;
  const ck_decode_row *row = &job->table[job->runs[unit / job->kv_heads]];
  const ck_kv_span *span = row->prefix.count > 0 ? &row->prefix : &row->own;
  return CK_KV(first_keys)(kv_of(span->keys, span->capacity), span->count, dim);
}

// A run of rows and a head of keys and values; `next` are the keys of the unit after it.
static void CK_KV(unit)(const decode_job *job, int64_t unit, CK_KV(soon) next) {
  int64_t dim = job->dim, group = job->heads / job->kv_heads;
  int64_t run = unit / job->kv_heads, kv = unit % job->kv_heads;
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
    __builtin_memcpy(q + (b - first) * group * dim, job->q + b * job->q_stride + kv * group * dim,
                     sizeof(float) * (size_t)(group * dim));

  const CK_KV(soon) nothing = {NULL, 0};
  const ck_kv_span *own = &job->table[first].own;
  CK_KV(soon) own_keys = CK_KV(first_keys)(kv_of(own->keys, own->capacity), own->count, dim);
  CK_BY_FOUR(queries, CK_KV(scores)(q + r * dim, kv_of(prefix->keys, prefix->capacity),
                                    kv_of(prefix->values, prefix->capacity), prefix->count, dim,
                                    scores + r * stride, stride, r == 0 ? own_keys : nothing, ROWS))
  for (int64_t b = first; b < last; ++b) {
    own = &job->table[b].own;
    CK_KV(soon) keys = nothing;
    if (b + 1 < last) {
      const ck_kv_span *other = &job->table[b + 1].own;
      keys = CK_KV(first_keys)(kv_of(other->keys, other->capacity), other->count, dim);
    }
    float *rows = scores + (b - first) * group * stride + prefix_room;
    const float *rq = q + (b - first) * group * dim;
    CK_BY_FOUR(group, CK_KV(scores)(rq + r * dim, kv_of(own->keys, own->capacity),
                                    kv_of(own->values, own->capacity), own->count, dim,
                                    rows + r * stride, stride, r == 0 ? keys : nothing, ROWS))
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
  // The values are in the cache by now: meanwhile memory brings the next keys.
  CK_KV(ask)(next, 0, next.count);
  CK_BY_FOUR(queries, CK_KV(values)(scores + r * stride, stride,
                                    kv_of(prefix->values, prefix->capacity), prefix->count,
                                    dim, o + r * dim, ROWS))
  for (int64_t b = first; b < last; ++b) {
    const ck_kv_span *own = &job->table[b].own;
    const float *rows = scores + (b - first) * group * stride + prefix_room;
    float *ro = o + (b - first) * group * dim;
    CK_BY_FOUR(group, CK_KV(values)(rows + r * stride, stride,
                                    kv_of(own->values, own->capacity), own->count, dim,
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
#undef kv_of

static void CK_KV(task)(void *context, int64_t task) {
  const decode_job *job = context;
  int64_t end = ck_min(job->units, (task + 1) * job->part);
  for (int64_t unit = task * job->part; unit < end; ++unit) {
    CK_KV(soon) next = {NULL, 0};
    if (unit + 1 < end) next = CK_KV(first_of)(job, unit + 1);
    CK_KV(unit)(job, unit, next);
  }
}

// What comes between the projection of a token and its attention: norms of the heads where the model
// has them, the rotation, and the new key and value into the cache.
static void CK_KV(prepare_task)(void *context, int64_t task) {
  const prepare_job *job = context;
  int64_t dim = job->dim, half = dim / 2, end = ck_min(job->rows, (task + 1) * job->part);
  for (int64_t b = task * job->part; b < end; ++b) {
    float *row = job->qkv + b * (job->heads + 2 * job->kv_heads) * dim;
    for (int64_t h = 0; h < job->heads + job->kv_heads; ++h) {
      const float *norm = h < job->heads ? job->q_norm : job->k_norm;
      if (norm) rms_row(row + h * dim, norm, row + h * dim, dim, job->eps);
      rope_head(row + h * dim, row + h * dim, job->cos + job->positions[b] * half,
                job->sin + job->positions[b] * half, half, 1);
    }
    const ck_kv_span *own = &job->table[b].own;
    const float *keys = row + job->heads * dim, *values = keys + job->kv_heads * dim;
    int64_t layer = 2 * job->layer * job->kv_heads * own->capacity * dim;
    for (int64_t kv = 0; kv < job->kv_heads; ++kv) {
      int64_t at = layer + kv * own->capacity * dim;
      CK_KV(write)(keys + kv * dim, values + kv * dim, (CK_KV_TYPE *)own->keys + at,
                   (CK_KV_TYPE *)own->values + at, own->count - 1, dim);
    }
  }
}
