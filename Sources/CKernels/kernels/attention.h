// Causal grouped-query attention over packed segments, forward and backward.
//
// A task is one (segment, kv head): it packs that head's keys and values once and serves all query
// heads of the group, in blocks of CK_QB rows; dk and dv of the head belong to the task alone, so
// their sums have one order. Scores live in chunks of CK_KC keys, [chunk][CK_QB][CK_KS], the layout
// in which the tiles read them again as their left operand. The forward keeps only the log-sum-exp
// of each row; the backward computes the probabilities again.

enum { CK_QB = 2 * CK_MR };

typedef struct {
  const float *q, *k, *v, *o, *lse_in, *d_o;
  float *out, *lse, *dq, *dk, *dv;
  const int32_t *segments;
  int64_t heads, kv_heads, dim;
  float scale;
} attention_job;

// Floats of the panels of n columns, k deep.
CK_INLINE int64_t panel_floats(int64_t n, int64_t k) { return ck_ceil_div(n, CK_NR) * CK_NR * k; }
CK_INLINE int64_t score_floats(int64_t n) { return ck_ceil_div(n, CK_KC) * CK_QB * CK_KS; }

// Panels of x^T (dim, n) or of x (n, dim), x being n rows of dim that lie `stride` apart.
static void pack_columns(const float *x, int64_t stride, int64_t n, int64_t dim, float *panels) {
  for (int64_t j = 0; j < n; j += CK_NR)
    pack_panel_transposed(x + j * stride, stride, dim, ck_min(CK_NR, n - j), panels + j * dim);
}
static void pack_matrix(const float *x, int64_t stride, int64_t n, int64_t dim, float *panels) {
  for (int64_t j = 0; j < dim; j += CK_NR)
    pack_panel(x + j, stride, n, ck_min(CK_NR, dim - j), panels + j * n);
}

// scores = rows * panels for the first `keys` columns; whole vectors are written beyond them.
static void score_block(const float *block, const float *panels, int64_t rows, int64_t keys,
                        int64_t dim, float *scores) {
  for (int64_t j = 0; j < keys; j += CK_KC) {
    int64_t here = ck_min(CK_KC, ck_ceil_div(keys - j, CK_W) * CK_W);
    gemm_block(CK_A_ROWS, block, panels + j * dim, CK_NR * dim, rows, here, dim,
               scores + j / CK_KC * CK_QB * CK_KS, CK_KS, false, NULL);
  }
}

// out (rows, dim) = scores (rows, keys) * matrix, from the panels of an (n, dim) matrix.
static void weighted_rows(const float *scores, const float *panels, int64_t n, int64_t rows,
                          int64_t keys, int64_t dim, float *out, int64_t stride) {
  for (int64_t j = 0; j < keys; j += CK_KC)
    gemm_block(CK_A_ROWS, scores + j / CK_KC * CK_QB * CK_KS, panels + j * CK_NR, CK_NR * n, rows,
               dim, ck_min(CK_KC, keys - j), out, stride, j > 0, NULL);
}

CK_INLINE float *score_at(float *scores, int64_t row, int64_t key) {
  return scores + key / CK_KC * CK_QB * CK_KS + row * CK_KS + key % CK_KC;
}

// One row of scores becomes e^(scale * (s - max)) up to `limit` and 0 from there to `keys`.
static float softmax_score_row(float *scores, int64_t row, int64_t limit, int64_t keys, float scale,
                               float *max_out) {
  vf largest = v_set(-__builtin_inff());
  for (int64_t j = 0; j < limit; j += CK_W)
    largest = v_max(largest, v_keep(v_load(score_at(scores, row, j)), limit - j, -__builtin_inff()));
  float max = v_maximum(largest);
  vf total = v_set(0);
  int64_t j = 0;
  for (; j < limit; j += CK_W) {
    float *p = score_at(scores, row, j);
    vf e = v_keep(v_exp((v_load(p) - max) * scale), limit - j, 0);
    total += e;
    v_store(p, e);
  }
  for (; j < keys; j += CK_W) v_store(score_at(scores, row, j), v_set(0));
  *max_out = max;
  return v_sum(total);
}

static void attention_forward_task(void *context, int64_t task) {
  const attention_job *job = context;
  int64_t dim = job->dim, group = job->heads / job->kv_heads;
  int64_t segment = task / job->kv_heads, kv = task % job->kv_heads;
  int64_t start = job->segments[segment], n = job->segments[segment + 1] - start;
  if (n <= 0) return;
  int64_t kv_stride = job->kv_heads * dim, q_stride = job->heads * dim;
  float *memory = ck_scratch(
      CK_SCRATCH_TASK, sizeof(float) * (size_t)(panel_floats(n, dim) + panel_floats(dim, n) +
                                                CK_QB * CK_KS + score_floats(n)));
  float *keys = memory, *values = keys + panel_floats(n, dim);
  float *block = values + panel_floats(dim, n), *scores = block + CK_QB * CK_KS;
  pack_columns(job->k + start * kv_stride + kv * dim, kv_stride, n, dim, keys);
  pack_matrix(job->v + start * kv_stride + kv * dim, kv_stride, n, dim, values);
  for (int64_t h = kv * group; h < (kv + 1) * group; ++h) {
    for (int64_t i = 0; i < n; i += CK_QB) {
      int64_t rows = ck_min(CK_QB, n - i), seen = i + rows;
      pack_rows(job->q + (start + i) * q_stride + h * dim, q_stride, rows, dim, block);
      score_block(block, keys, rows, seen, dim, scores);
      float sums[CK_QB];
      for (int64_t r = 0; r < rows; ++r) {
        float max;
        sums[r] = softmax_score_row(scores, r, i + r + 1, seen, job->scale, &max);
        if (job->lse)
          job->lse[(start + i + r) * job->heads + h] =
              max * job->scale + (float)__builtin_log((double)sums[r]);
      }
      float *out = job->out + (start + i) * q_stride + h * dim;
      weighted_rows(scores, values, n, rows, seen, dim, out, q_stride);
      for (int64_t r = 0; r < rows; ++r) {
        float inverse = 1.0f / sums[r];
        for (int64_t d = 0; d < dim; ++d) out[r * q_stride + d] *= inverse;
      }
    }
  }
}

static void attention_forward(ck_pool *pool, const float *q, const float *k, const float *v,
                              float *o, float *lse, const int32_t *segments, int64_t segment_count,
                              int64_t heads, int64_t kv_heads, int64_t dim, float scale) {
  attention_job job = {.q = q, .k = k, .v = v, .out = o, .lse = lse, .segments = segments,
                       .heads = heads, .kv_heads = kv_heads, .dim = dim, .scale = scale};
  ck_parallel_for(pool, segment_count * kv_heads, attention_forward_task, &job);
}

// With P the probabilities: dV = P^T dO, dP = dO V^T, dS = P (dP - rowsum(dO O)), dQ = scale dS K,
// dK = scale dS^T Q.
static void attention_backward_task(void *context, int64_t task) {
  const attention_job *job = context;
  int64_t dim = job->dim, group = job->heads / job->kv_heads;
  int64_t segment = task / job->kv_heads, kv = task % job->kv_heads;
  int64_t start = job->segments[segment], n = job->segments[segment + 1] - start;
  if (n <= 0) return;
  int64_t kv_stride = job->kv_heads * dim, q_stride = job->heads * dim;
  int64_t columns = panel_floats(n, dim), matrix = panel_floats(dim, n);
  float *memory = ck_scratch(
      CK_SCRATCH_TASK, sizeof(float) * (size_t)(2 * columns + matrix + 2 * CK_QB * CK_KS +
                                                2 * score_floats(n) + 2 * panel_floats(dim, CK_QB)));
  float *keys = memory, *values = keys + columns, *key_rows = values + columns;
  float *block = key_rows + matrix, *d_block = block + CK_QB * CK_KS;
  float *p = d_block + CK_QB * CK_KS, *ds = p + score_floats(n);
  float *q_panels = ds + score_floats(n), *do_panels = q_panels + panel_floats(dim, CK_QB);
  const float *k_head = job->k + start * kv_stride + kv * dim;
  const float *v_head = job->v + start * kv_stride + kv * dim;
  float *dk = job->dk + start * kv_stride + kv * dim, *dv = job->dv + start * kv_stride + kv * dim;
  pack_columns(k_head, kv_stride, n, dim, keys);
  pack_columns(v_head, kv_stride, n, dim, values);
  pack_matrix(k_head, kv_stride, n, dim, key_rows);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t d = 0; d < dim; ++d) dk[i * kv_stride + d] = dv[i * kv_stride + d] = 0;

  for (int64_t h = kv * group; h < (kv + 1) * group; ++h) {
    for (int64_t i = 0; i < n; i += CK_QB) {
      int64_t rows = ck_min(CK_QB, n - i), seen = i + rows;
      int64_t offset = (start + i) * q_stride + h * dim;
      const float *q = job->q + offset, *d_o = job->d_o + offset, *o = job->o + offset;
      pack_rows(q, q_stride, rows, dim, block);
      pack_rows(d_o, q_stride, rows, dim, d_block);
      score_block(block, keys, rows, seen, dim, p);
      score_block(d_block, values, rows, seen, dim, ds);
      for (int64_t r = 0; r < rows; ++r) {
        float lse = job->lse_in[(start + i + r) * job->heads + h];
        float delta = row_dot(d_o + r * q_stride, o + r * q_stride, dim);
        int64_t limit = i + r + 1;
        int64_t j = 0;
        for (; j < limit; j += CK_W) {
          float *pp = score_at(p, r, j), *pd = score_at(ds, r, j);
          vf e = v_keep(v_exp(v_load(pp) * job->scale - lse), limit - j, 0);
          // Beyond the limit ds may be anything, also infinite: it is replaced, not multiplied by 0.
          vf d = v_keep(e * (v_load(pd) - delta) * job->scale, limit - j, 0);
          v_store(pp, e);
          v_store(pd, d);
        }
        for (; j < seen; j += CK_W) {
          v_store(score_at(p, r, j), v_set(0));
          v_store(score_at(ds, r, j), v_set(0));
        }
      }
      weighted_rows(ds, key_rows, n, rows, seen, dim, job->dq + offset, q_stride);
      pack_matrix(q, q_stride, rows, dim, q_panels);
      pack_matrix(d_o, q_stride, rows, dim, do_panels);
      for (int64_t j = 0; j < seen; j += CK_KC) {
        int64_t here = ck_min(CK_KC, seen - j), chunk = j / CK_KC * CK_QB * CK_KS;
        gemm_block(CK_A_TRANSPOSED, p + chunk, do_panels, CK_NR * rows, here, dim, rows,
                   dv + j * kv_stride, kv_stride, true, NULL);
        gemm_block(CK_A_TRANSPOSED, ds + chunk, q_panels, CK_NR * rows, here, dim, rows,
                   dk + j * kv_stride, kv_stride, true, NULL);
      }
    }
  }
}

static void attention_backward(ck_pool *pool, const float *q, const float *k, const float *v,
                               const float *o, const float *lse, const float *d_o, float *dq,
                               float *dk, float *dv, const int32_t *segments,
                               int64_t segment_count, int64_t heads, int64_t kv_heads, int64_t dim,
                               float scale) {
  attention_job job = {.q = q, .k = k, .v = v, .o = o, .lse_in = lse, .d_o = d_o, .dq = dq,
                       .dk = dk, .dv = dv, .segments = segments, .heads = heads,
                       .kv_heads = kv_heads, .dim = dim, .scale = scale};
  ck_parallel_for(pool, segment_count * kv_heads, attention_backward_task, &job);
}
