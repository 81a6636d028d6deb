// Dense products of any size: the cut into tasks and the packing, for either kind of packed operand.

// The cut of a product. The depth of a pass, which bits depend on, follows from the shape alone; of blocks they
// do not depend.
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
  bool round;  // packed operands are rounded to BF16
  gemm_cut cut;
  const ck_packed *panels;  // of all of b, [panel][step][CK_NR]; NULL when each task packs what it reads
  uint64_t id;  // where each thread packs all of a once; 0 where each task packs what it reads
  int64_t threads;
} gemm_job;

CK_INLINE void round_if(bool round, ck_packed *x, int64_t count) {
#if CK_BF16
  (void)round, (void)x, (void)count;
#else
  if (round) round_packed(x, count);
#endif
}

// Packs rows p ..< p + depth of the panel that starts at a column of b.
static void gemm_pack(const gemm_job *job, int64_t column, int64_t columns, int64_t p,
                      int64_t depth, ck_packed *out) {
  if (job->kind == CK_GEMM_NT)
    pack_panel_transposed(job->b + column * job->ldb + p, job->ldb, depth, columns, out);
  else
    pack_panel(job->b + p * job->ldb + column, job->ldb, depth, columns, out);
  round_if(job->round, out, ck_steps(depth) * CK_NR);
}

static void gemm_pack_task(void *context, int64_t panel) {
  const gemm_job *job = context;
  int64_t column = panel * CK_NR, columns = ck_min(CK_NR, job->n - column);
  ck_packed *panels = (ck_packed *)job->panels;
  gemm_pack(job, column, columns, 0, job->k, panels + panel * CK_NR * ck_steps(job->k));
}

// Rows of a long, narrow b in which its panels are packed together.
enum { CK_PACK_DEPTH = 64 };

static void gemm_pack_depth_task(void *context, int64_t part) {
  const gemm_job *job = context;
  int64_t p = part * CK_PACK_DEPTH, depth = ck_min(CK_PACK_DEPTH, job->k - p), stride = ck_steps(job->k);
  ck_packed *out = (ck_packed *)job->panels + ck_steps(p) * CK_NR;
  pack_panels(job->b + p * job->ldb, job->ldb, depth, job->n, out, stride);
  for (int64_t j = 0; j < job->n; j += CK_NR, out += CK_NR * stride)
    round_if(job->round, out, ck_steps(depth) * CK_NR);
}

// The job whose rows of a the thread has packed.
static _Atomic uint64_t gemm_job_count;
static _Thread_local uint64_t gemm_packed_job;

// All of a as the tiles read it, [pass][row][CK_KS]: packed once by each thread that takes part. Where a few
// rows meet narrow tasks, packing them in each would take up to half as long as the products; rows that one
// thread packed for all would have to cross from core to core.
static const ck_packed *gemm_own_rows(const gemm_job *job) {
  int64_t depth = job->cut.k_block, passes = ck_ceil_div(job->k, depth), room = job->m * CK_KS;
  ck_packed *rows = ck_scratch(CK_SCRATCH_TASK, sizeof *rows * (size_t)(passes * room + CK_KS));
  if (gemm_packed_job == job->id) return rows;
  gemm_packed_job = job->id;
  for (int64_t p = 0; p < passes; ++p)
    pack_rows(job->a + p * depth, job->lda, job->m, ck_min(depth, job->k - p * depth),
              rows + p * room);
  round_if(job->round, rows, passes * room);
  return rows;
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
  const ck_packed *all = job->id ? gemm_own_rows(job) : NULL;
  ck_packed *block = NULL;
  if (!all) block = ck_scratch(CK_SCRATCH_TASK, sizeof *block * CK_KS * (size_t)(rows + CK_MR));
  // A weight gradient's panels are packed together, row by row: its b is long and only copied.
  int64_t own_columns = transposed ? ck_ceil_div(columns, CK_NR) * CK_NR : CK_NR;
  ck_packed *own = NULL;
  if (!job->panels)
    own = ck_scratch(CK_SCRATCH_TASK_B, sizeof *own * (size_t)own_columns * CK_KC);
  for (int64_t p = 0; p < job->k; p += cut->k_block) {
    int64_t depth = ck_min(cut->k_block, job->k - p), steps = ck_steps(depth);
    const ck_packed *a = block;
    if (all) {
      a = all + (p / cut->k_block * job->m + i) * CK_KS;
    } else {
      if (transposed)
        pack_row_panels(job->a + p * job->lda + i, job->lda, job->m - i, rows, depth, block);
      else
        pack_rows(job->a + i * job->lda + p, job->lda, rows, depth, block);
      round_if(job->round, block, CK_KS * rows);
    }
    bool accumulate = job->accumulate || p > 0;
    const float *bias = accumulate || !job->bias ? NULL : job->bias + j;
    float *c = job->c + i * job->ldc + j;
    if (job->panels) {
      int64_t steps_in_all = ck_steps(job->k);
      const ck_packed *panels = job->panels + j * steps_in_all, *next = NULL;
      // After its last panel a task reads the first one's next pass, or goes on where no thread is yet.
      if (p + cut->k_block < job->k)
        next = panels + ck_steps(p + cut->k_block) * CK_NR;
      else if (cut->m_blocks == 1 && j + job->threads * cut->n_block < job->n)
        next = panels + job->threads * cut->n_block * steps_in_all;
      gemm_block(layout, a, panels + ck_steps(p) * CK_NR, CK_NR * steps_in_all, rows, columns, steps,
                 c, job->ldc, accumulate, bias, next);
    } else if (transposed) {
      pack_panels(job->b + p * job->ldb + j, job->ldb, depth, columns, own, steps);
      round_if(job->round, own, steps * own_columns);
      gemm_block(layout, a, own, CK_NR * steps, rows, columns, steps, c, job->ldc, accumulate, bias,
                 NULL);
    } else {
      for (int64_t q = 0; q < columns; q += CK_NR) {
        int64_t here = ck_min(CK_NR, columns - q);
        gemm_pack(job, j + q, here, p, depth, own);
        gemm_block(layout, a, own, 0, rows, here, steps, c + q, job->ldc, accumulate,
                   bias ? bias + q : NULL, NULL);
      }
    }
  }
}

// Elements of b that a weight gradient shares among its tasks: as many as the last-level cache may hold.
enum { CK_SHARE_LIMIT = 8 << 20 };

// Whether each task packs the panels of b that it reads, straight into the first-level cache. Packing
// once for all tasks is better only where many tasks read the same panels and all of them stay in the
// last-level cache.
static bool gemm_packs_in_tasks(const gemm_job *job) {
  if (job->kind == CK_GEMM_TN)
    return job->m <= 16 * CK_MR || job->n * job->k > CK_SHARE_LIMIT ||
           job->m * job->n * job->k < 1 << 25;
  return job->m <= CK_TASK_ROWS || job->n * job->k > (1 << 20);
}

// Depth of a pass over k, in elements.
static int64_t gemm_depth(int64_t k) {
  int64_t limit = CK_PER_STEP * (k <= CK_PER_STEP * CK_KC ? CK_KC : CK_KC_OF_MANY);
  return ck_ceil_div(ck_ceil_div(k, ck_ceil_div(k, limit)), 32) * 32;
}

static void gemm_run(ck_pool *pool, gemm_job *job) {
  gemm_cut *cut = &job->cut;
  cut->k_block = gemm_depth(job->k);
  job->threads = ck_pool_threads(pool);
  bool in_tasks = !job->panels && gemm_packs_in_tasks(job);
  if (job->panels && job->m <= CK_TASK_ROWS) job->id = ++gemm_job_count;
  // In tasks: up to 518 rows (of 14) of a in the second-level cache share a panel's packing.
  int64_t m_limit = job->kind == CK_GEMM_TN ? 16 * CK_MR : in_tasks ? 37 * CK_MR : CK_TASK_ROWS;
  cut->m_block = even_block(job->m, m_limit, CK_MR);
  cut->m_blocks = ck_ceil_div(job->m, cut->m_block);
  int64_t panels = ck_ceil_div(job->n, CK_NR);
  // Columns are shared out too when there are few blocks of rows.
  int64_t n_limit = cut->m_blocks >= 16 ? 1024 : cut->m_blocks >= 8 ? 256 : 128;
  // A task reads all of its rows of a: where they fill the second-level cache several times, for wide columns
  // only (k = 4,864: 1.2 x), as long as there is a task for each thread.
  if (in_tasks && cut->m_block * job->k > 1 << 20)
    n_limit = ck_max(n_limit, ck_min(512, job->n * cut->m_blocks / job->threads));
  if (job->kind == CK_GEMM_TN) n_limit = in_tasks ? 256 : 256 * CK_PER_STEP;
  if (job->m <= CK_TASK_ROWS) n_limit = CK_NR * ck_max(1, ck_min(4, panels / 16));
  cut->n_block = ck_ceil_div(even_block(job->n, n_limit, CK_NR), CK_NR) * CK_NR;
  cut->n_blocks = ck_ceil_div(job->n, cut->n_block);
  int64_t tasks = cut->m_blocks * cut->n_blocks;
  if (!in_tasks && !job->panels) {
    size_t bytes = sizeof(ck_packed) * (size_t)(panels * CK_NR * ck_steps(job->k));
    job->panels = ck_scratch(CK_SCRATCH_SHARED, bytes);
    if (job->kind == CK_GEMM_TN)
      ck_parallel_for(pool, ck_ceil_div(job->k, CK_PACK_DEPTH), gemm_pack_depth_task, job);
    else
      ck_parallel_for(pool, panels, gemm_pack_task, job);
  }
  // A few microseconds of work are not worth waking anybody.
  if (job->m * job->n * job->k < 1 << 17)
    for (int64_t task = 0; task < tasks; ++task) gemm_task(job, task);
  else
    ck_parallel_for(pool, tasks, gemm_task, job);
}

static void gemm_with(bool round, ck_pool *pool, ck_gemm_kind kind, int64_t m, int64_t n, int64_t k,
                      const float *a, int64_t lda, const float *b, int64_t ldb, const float *bias,
                      float *c, int64_t ldc, bool accumulate) {
  if (m <= 0 || n <= 0) return;
  gemm_job job = {.kind = kind, .m = m, .n = n, .k = k, .lda = lda, .ldb = ldb, .ldc = ldc,
                  .a = a, .b = b, .bias = bias, .c = c, .accumulate = accumulate, .round = round};
  gemm_run(pool, &job);
}
