// Products with weights that were packed beforehand: decoding, where the same weights meet a few rows
// thousands of times. They are read as one stream, and the sums have the order of `gemm`.

enum { CK_STREAM_ROWS = 16, CK_WIDE_ROWS = 2, CK_WIDE_PANELS = 4 };

typedef struct {
  const ck_weight_part *parts;
  int64_t count, n, k;
  ck_packed *panels;
  bool round;
} pack_job;

static int64_t packed_bytes(int64_t n, int64_t k) {
  return (int64_t)sizeof(ck_packed) * ck_ceil_div(n, CK_NR) * CK_NR * ck_steps(k);
}

static void pack_weights_task(void *context, int64_t panel) {
  const pack_job *job = context;
  ck_packed *out = job->panels + panel * CK_NR * ck_steps(job->k);
  int64_t first = panel * CK_NR, columns = ck_min(CK_NR, job->n - first);
  const ck_weight_part *part = job->parts;
  while (first >= part->n) first -= part++->n;
  if (first + columns <= part->n) {
    pack_panel_transposed(part->w + first * job->k, job->k, job->k, columns, out);
  } else {  // the panel spans several weights: their rows are brought together first
    float *rows = ck_scratch(CK_SCRATCH_TASK, sizeof(float) * (size_t)(CK_NR * job->k));
    for (int64_t j = 0; j < columns; ++j, ++first) {
      if (first >= part->n) first = 0, ++part;
      __builtin_memcpy(rows + j * job->k, part->w + first * job->k, sizeof(float) * (size_t)job->k);
    }
    pack_panel_transposed(rows, job->k, job->k, columns, out);
  }
  round_if(job->round, out, ck_steps(job->k) * CK_NR);
}

static void pack_weights_with(bool round, ck_pool *pool, const ck_weight_part *parts, int64_t count,
                              int64_t k, void *packed) {
  pack_job job = {.parts = parts, .count = count, .k = k, .panels = packed, .round = round};
  for (int64_t i = 0; i < count; ++i) job.n += parts[i].n;
  ck_parallel_for(pool, ck_ceil_div(job.n, CK_NR), pack_weights_task, &job);
}

// A packed weight's rows are a panel's columns: each of their elements is in a line of its own.
static void packed_rows(const void *packed, int64_t k, const int32_t *rows, int64_t count, float *out) {
  for (int64_t r = 0; r < count; ++r, out += k) {
    const ck_packed *row = (const ck_packed *)packed + rows[r] / CK_NR * CK_NR * ck_steps(k) +
                           rows[r] % CK_NR;
#if CK_BF16
    for (int64_t i = 0; i < k; ++i) {
      uint32_t pair = row[i / 2 * CK_NR], bits = i % 2 ? pair & 0xffff0000 : pair << 16;
      __builtin_memcpy(out + i, &bits, sizeof bits);
    }
#else
    for (int64_t i = 0; i < k; ++i) out[i] = row[i * CK_NR];
#endif
  }
}

// One or two rows times four panels at once: with fewer sums in flight the multipliers would wait for
// their own results. Panels lie `stride` steps apart.
CK_INLINE void wide_tile(const ck_packed *a, const ck_packed *b, int64_t stride, int64_t steps,
                         float *c, int64_t ldc, bool accumulate, const float *bias,
                         const int rows) {
  vf acc[CK_WIDE_ROWS][CK_WIDE_PANELS][CK_NV];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
    for (int p = 0; p < CK_WIDE_PANELS; ++p)
#pragma clang loop unroll(full)
      for (int v = 0; v < CK_NV; ++v) acc[r][p][v] = v_set(0);
  for (int64_t i = 0; i < steps; ++i)
#pragma clang loop unroll(full)
    for (int p = 0; p < CK_WIDE_PANELS; ++p)
#pragma clang loop unroll(full)
      for (int v = 0; v < CK_NV; ++v) {
        ck_packed_vector bv = packed_load(b + p * stride + i * CK_NR + v * CK_W);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; ++r)
          acc[r][p][v] = packed_multiply_add(acc[r][p][v], packed_set(a[r * CK_KS + i]), bv);
      }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
    for (int p = 0; p < CK_WIDE_PANELS; ++p)
#pragma clang loop unroll(full)
      for (int v = 0; v < CK_NV; ++v) {
        float *at = c + r * ldc + p * CK_NR + v * CK_W;
        vf sum = acc[r][p][v];
        if (accumulate)
          sum = v_load(at) + sum;
        else if (bias)
          sum = sum + v_load(bias + p * CK_NR + v * CK_W);
        v_store(at, sum);
      }
}

static void wide_tile_1(const ck_packed *a, const ck_packed *b, int64_t stride, int64_t steps,
                        float *c, int64_t ldc, bool accumulate, const float *bias) {
  wide_tile(a, b, stride, steps, c, ldc, accumulate, bias, 1);
}
static void wide_tile_2(const ck_packed *a, const ck_packed *b, int64_t stride, int64_t steps,
                        float *c, int64_t ldc, bool accumulate, const float *bias) {
  wide_tile(a, b, stride, steps, c, ldc, accumulate, bias, 2);
}

// A task of few rows: four panels, each read from its beginning to its end as one stream.
static void wide_task(void *context, int64_t task) {
  const gemm_job *job = context;
  int64_t steps_in_all = ck_steps(job->k), columns = CK_WIDE_PANELS * CK_NR, j = task * columns;
  int64_t here = ck_min(columns, job->n - j), room = CK_KS * job->m;
  int64_t passes = ck_ceil_div(job->k, job->cut.k_block);
  bool wide = job->m <= CK_WIDE_ROWS && here == columns;
  const ck_packed *rows = gemm_own_rows(job);
  for (int64_t q = 0; q < here; q += wide ? columns : CK_NR)
    for (int64_t p = 0; p < passes; ++p) {
      int64_t at = p * job->cut.k_block, steps = ck_steps(ck_min(job->cut.k_block, job->k - at));
      const ck_packed *panels = job->panels + (j + q) * steps_in_all + ck_steps(at) * CK_NR;
      const float *bias = p > 0 || !job->bias ? NULL : job->bias + j + q;
      float *c = job->c + j + q;
      if (wide)
        (job->m == 1 ? wide_tile_1 : wide_tile_2)(rows + p * room, panels, CK_NR * steps_in_all,
                                                  steps, c, job->ldc, p > 0, bias);
      else
        gemm_block(CK_A_ROWS, rows + p * room, panels, 0, job->m, ck_min(CK_NR, here - q), steps,
                   c, job->ldc, p > 0, bias, NULL);
    }
}

static void gemm_packed_with(bool round, ck_pool *pool, int64_t m, int64_t n, int64_t k,
                             const float *a, int64_t lda, const void *packed, const float *bias,
                             float *c, int64_t ldc) {
  if (m <= 0 || n <= 0) return;
  gemm_job job = {.kind = CK_GEMM_NT, .m = m, .n = n, .k = k, .lda = lda, .ldc = ldc, .a = a,
                  .bias = bias, .c = c, .round = round, .panels = packed};
  if (m > CK_STREAM_ROWS) {
    gemm_run(pool, &job);
    return;
  }
  job.cut.k_block = gemm_depth(k);
  job.id = ++gemm_job_count;
  ck_parallel_for(pool, ck_ceil_div(n, CK_WIDE_PANELS * CK_NR), wide_task, &job);
}
