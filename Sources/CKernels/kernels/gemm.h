// Dense products of any size: the cut into tasks, packing, and the way to a vendor's library.

// The cut of a product. Only shapes go in.
typedef struct {
  int64_t m_block, n_block, k_block;  // of a task; k_block of one pass
  int64_t m_blocks, n_blocks;
} gemm_cut;

// Rows of a task where b's panels are shared: eight tiles keep a's block in the second-level cache and
// give a pool of many threads something to share.
enum { CK_TASK_ROWS = 8 * CK_MR };

// Equal parts of `size`, each a multiple of `unit`, none above `limit`; an even number of them, so
// that two threads finish together.
static int64_t even_block(int64_t size, int64_t limit, int64_t unit) {
  if (size <= unit) return size;
  int64_t parts = ck_ceil_div(size, limit);
  if (parts > 1 && parts % 2) parts += 1;
  return ck_ceil_div(ck_ceil_div(size, parts), unit) * unit;
}

typedef struct {
  ck_gemm_kind kind;
  int64_t m, n, k, lda, ldb, ldc;
  const float *a, *b, *bias;
  float *c;
  bool accumulate;
  gemm_cut cut;
  float *panels;             // [panel][k][CK_NR]; NULL when each task packs what it reads
  const ck_blas *blas;
} gemm_job;

// Packs rows p ..< p + depth of the panel that starts at a column of b.
static void gemm_pack(const gemm_job *job, int64_t column, int64_t columns, int64_t p,
                      int64_t depth, float *out) {
  if (job->kind == CK_GEMM_NT)
    pack_panel_transposed(job->b + column * job->ldb + p, job->ldb, depth, columns, out);
  else
    pack_panel(job->b + p * job->ldb + column, job->ldb, depth, columns, out);
}

static void gemm_pack_task(void *context, int64_t panel) {
  const gemm_job *job = context;
  int64_t column = panel * CK_NR, columns = ck_min(CK_NR, job->n - column);
  gemm_pack(job, column, columns, 0, job->k, job->panels + panel * CK_NR * job->k);
}

static void gemm_task(void *context, int64_t task) {
  const gemm_job *job = context;
  const gemm_cut *cut = &job->cut;
  int64_t i = task / cut->n_blocks * cut->m_block, j = task % cut->n_blocks * cut->n_block;
  int64_t rows = ck_min(cut->m_block, job->m - i);
  int64_t columns = ck_min(cut->n_block, job->n - j);
  if (rows <= 0 || columns <= 0) return;
  bool transposed = job->kind == CK_GEMM_TN;
  ck_a_layout layout = transposed ? CK_A_PANELS : CK_A_ROWS;
  float *block = ck_scratch(CK_SCRATCH_TASK, sizeof(float) * CK_KS * (size_t)(rows + CK_MR));
  float *own = job->panels ? NULL : ck_scratch(CK_SCRATCH_TASK_B, sizeof(float) * CK_NR * CK_KC);
  for (int64_t p = 0; p < job->k; p += cut->k_block) {
    int64_t depth = ck_min(cut->k_block, job->k - p);
    if (transposed)
      pack_row_panels(job->a + p * job->lda + i, job->lda, job->m - i, rows, depth, block);
    else
      pack_rows(job->a + i * job->lda + p, job->lda, rows, depth, block);
    bool accumulate = job->accumulate || p > 0;
    const float *bias = accumulate ? NULL : job->bias;
    float *c = job->c + i * job->ldc;
    if (job->panels) {
      gemm_block(layout, block, job->panels + j * job->k + p * CK_NR, CK_NR * job->k, rows,
                 columns, depth, c + j, job->ldc, accumulate,
                 bias ? bias + j : NULL);
      continue;
    }
    for (int64_t q = j; q < j + columns; q += CK_NR) {
      int64_t here = ck_min(CK_NR, j + columns - q);
#if CK_W == 16 && defined(__x86_64__)
      if (job->kind == CK_GEMM_NT && rows <= CK_FEW_ROWS && here == CK_NR) {
        few_rows_table[rows - 1](block, job->b + q * job->ldb + p, job->ldb, depth, c + q,
                                 job->ldc, accumulate, bias ? bias + q : NULL);
        continue;
      }
#endif
      gemm_pack(job, q, here, p, depth, own);
      gemm_block(layout, block, own, 0, rows, here, depth, c + q, job->ldc, accumulate,
                 bias ? bias + q : NULL);
    }
  }
}

// Packed panels of b live in shared scratch; above this many floats (32 MiB) the columns of c are
// done in turns.
static const int64_t gemm_panel_budget = 8 << 20;

// Whether each task packs the panels of b that it reads, straight into the first-level cache. Packing
// once for all tasks is better only where many tasks read the same panels and all of them stay in the
// last-level cache; a weight gradient's b is long and only copied, never transposed.
static bool gemm_packs_in_tasks(const gemm_job *job) {
  return job->kind == CK_GEMM_TN || job->m <= CK_TASK_ROWS || job->n * job->k > (1 << 20);
}

static void gemm_own(ck_pool *pool, gemm_job *job) {
  gemm_cut *cut = &job->cut;
  int64_t passes = ck_ceil_div(job->k, CK_KC);
  cut->k_block = ck_ceil_div(ck_ceil_div(job->k, passes), 16) * 16;
  bool in_tasks = gemm_packs_in_tasks(job);
  // In tasks: up to 448 rows (of 14) of a in the second-level cache share a panel's packing.
  int64_t m_limit = !in_tasks ? CK_TASK_ROWS : job->kind == CK_GEMM_TN ? 16 * CK_MR : 32 * CK_MR;
  cut->m_block = even_block(job->m, m_limit, CK_MR);
  cut->m_blocks = ck_ceil_div(job->m, cut->m_block);
  int64_t panels = ck_ceil_div(job->n, CK_NR);
  // Columns are shared out too when there are few blocks of rows.
  int64_t n_limit = cut->m_blocks >= 16 ? 1024 : cut->m_blocks >= 8 ? 256 : 128;
  if (job->m <= CK_TASK_ROWS) n_limit = CK_NR * ck_max(1, ck_min(4, panels / 16));
  cut->n_block = ck_ceil_div(even_block(job->n, n_limit, CK_NR), CK_NR) * CK_NR;
  cut->n_blocks = ck_ceil_div(job->n, cut->n_block);
  int64_t tasks = cut->m_blocks * cut->n_blocks;
  if (!in_tasks) {
    job->panels =
        ck_scratch(CK_SCRATCH_SHARED, sizeof(float) * (size_t)(panels * CK_NR * job->k));
    ck_parallel_for(pool, panels, gemm_pack_task, job);
  }
  // A few microseconds of work are not worth waking anybody.
  if (job->m * job->n * job->k < 1 << 17)
    for (int64_t task = 0; task < tasks; ++task) gemm_task(job, task);
  else
    ck_parallel_for(pool, tasks, gemm_task, job);
}

static void gemm_blas_task(void *context, int64_t task) {
  const gemm_job *job = context;
  const gemm_cut *cut = &job->cut;
  int64_t i = task / cut->n_blocks * cut->m_block, j = task % cut->n_blocks * cut->n_block;
  int64_t rows = ck_min(cut->m_block, job->m - i), columns = ck_min(cut->n_block, job->n - j);
  if (rows <= 0 || columns <= 0) return;
  bool ta = job->kind == CK_GEMM_TN, tb = job->kind == CK_GEMM_NT;
  float *c = job->c + i * job->ldc + j;
  float beta = job->accumulate ? 1 : 0;
  if (job->bias && !job->accumulate) {
    beta = 1;
    for (int64_t r = 0; r < rows; ++r)
      __builtin_memcpy(c + r * job->ldc, job->bias + j, sizeof(float) * (size_t)columns);
  }
  job->blas->sgemm(CK_BLAS_ROW_MAJOR, ta ? CK_BLAS_TRANS : CK_BLAS_NO_TRANS,
                   tb ? CK_BLAS_TRANS : CK_BLAS_NO_TRANS, (int)rows, (int)columns, (int)job->k, 1,
                   job->a + (ta ? i : i * job->lda), (int)job->lda,
                   job->b + (tb ? j * job->ldb : j), (int)job->ldb, beta, c, (int)job->ldc);
}

static void gemm_vendor(ck_pool *pool, gemm_job *job) {
  // A call packs its part of b again: tasks of 1024 rows make that small; few rows share columns.
  job->cut.m_block = even_block(job->m, 1024, 16);
  job->cut.m_blocks = ck_ceil_div(job->m, job->cut.m_block);
  job->cut.n_block = even_block(job->n, job->cut.m_blocks >= 4 ? 4096 : 256, 32);
  job->cut.n_blocks = ck_ceil_div(job->n, job->cut.n_block);
  ck_parallel_for(pool, job->cut.m_blocks * job->cut.n_blocks, gemm_blas_task, job);
}

static void gemm(ck_pool *pool, const ck_blas *blas, ck_gemm_kind kind, int64_t m, int64_t n,
                 int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                 const float *bias, float *c, int64_t ldc, bool accumulate) {
  if (m <= 0 || n <= 0) return;
  gemm_job job = {.kind = kind, .m = m, .n = n, .k = k, .lda = lda, .ldb = ldb, .ldc = ldc,
                  .a = a, .b = b, .bias = bias, .c = c, .accumulate = accumulate, .blas = blas};
  if (blas)
    gemm_vendor(pool, &job);
  else
    gemm_own(pool, &job);
}
