// Dense products by a vendor's library, FP32 only. A task is one call, so the pool's threads share a
// product whatever the library's own threading.

typedef struct {
  gemm_job job;
  const ck_blas *blas;
} gemm_vendor_job;

static void gemm_blas_task(void *context, int64_t task) {
  const gemm_vendor_job *vendor = context;
  const gemm_job *job = &vendor->job;
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
  vendor->blas->sgemm(CK_BLAS_ROW_MAJOR, ta ? CK_BLAS_TRANS : CK_BLAS_NO_TRANS,
                   tb ? CK_BLAS_TRANS : CK_BLAS_NO_TRANS, (int)rows, (int)columns, (int)job->k, 1,
                   job->a + (ta ? i : i * job->lda), (int)job->lda,
                   job->b + (tb ? j * job->ldb : j), (int)job->ldb, beta, c, (int)job->ldc);
}

static void gemm_blas(ck_pool *pool, const ck_blas *blas, ck_gemm_kind kind, int64_t m, int64_t n,
                      int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                      const float *bias, float *c, int64_t ldc, bool accumulate) {
  if (m <= 0 || n <= 0) return;
  gemm_vendor_job vendor = {
      .job = {.kind = kind, .m = m, .n = n, .k = k, .lda = lda, .ldb = ldb, .ldc = ldc, .a = a,
              .b = b, .bias = bias, .c = c, .accumulate = accumulate},
      .blas = blas};
  gemm_job *job = &vendor.job;
  // A call packs its part of b again: tasks of 1024 rows make that small; few rows share columns.
  job->cut.m_block = even_block(job->m, 1024, 16);
  job->cut.m_blocks = ck_ceil_div(job->m, job->cut.m_block);
  job->cut.n_block = even_block(job->n, job->cut.m_blocks >= 4 ? 4096 : 256, 32);
  job->cut.n_blocks = ck_ceil_div(job->n, job->cut.n_block);
  ck_parallel_for(pool, job->cut.m_blocks * job->cut.n_blocks, gemm_blas_task, &vendor);
}
