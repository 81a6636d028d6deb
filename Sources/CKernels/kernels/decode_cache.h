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

static void CK_KV(write_task)(void *context, int64_t kv) {
  const kv_write_job *job = context;
  int64_t dim = job->dim, stride = job->kv_heads * dim;
  CK_KV_TYPE *keys = (CK_KV_TYPE *)job->keys + kv * job->capacity * dim;
  CK_KV_TYPE *values = (CK_KV_TYPE *)job->values + kv * job->capacity * dim;
  for (int64_t t = 0; t < job->tokens; ++t) {
    int64_t at = t * stride + kv * dim;
    CK_KV(write)(job->k + at, job->v + at, keys, values, job->position + t, dim);
  }
}

// scores[r * stride + t] for t < count rounded up to 2 CK_W; q rows are packed [r][dim]. Two vectors
// of tokens at once: one would leave the multipliers waiting for their own sums.
CK_INLINE void CK_KV(scores)(const float *q, const CK_KV_TYPE *keys, int64_t count, int64_t dim,
                             float *scores, int64_t stride, const int rows) {
  for (int64_t t = 0; t < count; t += 2 * CK_W) {
    const CK_KV_TYPE *panel = keys + t / CK_KV_LANES * CK_KV_LANES * dim + t % CK_KV_LANES;
    vf acc[4][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) acc[r][0] = acc[r][1] = v_set(0);
    for (int64_t d = 0; d < dim; ++d) {
      vf k0 = CK_KV_LOAD(panel + d * CK_KV_LANES), k1 = CK_KV_LOAD(panel + d * CK_KV_LANES + CK_W);
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
CK_INLINE void CK_KV(values)(const float *p, int64_t stride, const CK_KV_TYPE *values, int64_t count,
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
      vf v0 = CK_KV_LOAD(values + t * dim + d), v1 = CK_KV_LOAD(values + t * dim + d + CK_W);
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
        const CK_KV_TYPE *at = values + t * dim + d;
        acc += (n == CK_W ? CK_KV_LOAD(at) : CK_KV(load_n)(at, n)) * p[r * stride + t];
      }
      if (n == CK_W)
        v_store(o + r * dim + d, acc);
      else
        v_store_n(o + r * dim + d, acc, n);
    }
  }
}

static void CK_KV(task)(void *context, int64_t task) {
  const decode_job *job = context;
  int64_t dim = job->dim, group = job->heads / job->kv_heads;
  int64_t run = task / job->kv_heads, kv = task % job->kv_heads;
#define kv_of(BASE, CAPACITY) \
  ((const CK_KV_TYPE *)(BASE) + ((2 * job->layer * job->kv_heads + kv) * (CAPACITY)) * dim)
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

  CK_BY_FOUR(queries, CK_KV(scores)(q + r * dim, kv_of(prefix->keys, prefix->capacity),
                                    prefix->count, dim, scores + r * stride, stride, ROWS))
  for (int64_t b = first; b < last; ++b) {
    const ck_kv_span *own = &job->table[b].own;
    float *rows = scores + (b - first) * group * stride + prefix_room;
    const float *rq = q + (b - first) * group * dim;
    CK_BY_FOUR(group, CK_KV(scores)(rq + r * dim, kv_of(own->keys, own->capacity), own->count,
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
