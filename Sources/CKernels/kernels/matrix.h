// The tables of products: one for FP32 and one for BF16 at each level.

static void gemm(ck_pool *pool, ck_gemm_kind kind, int64_t m, int64_t n, int64_t k, const float *a,
                 int64_t lda, const float *b, int64_t ldb, const float *bias, float *c, int64_t ldc,
                 bool accumulate) {
  gemm_with(false, pool, kind, m, n, k, a, lda, b, ldb, bias, c, ldc, accumulate);
}
static void pack_weights(ck_pool *pool, const ck_weight_part *parts, int64_t count, int64_t k,
                         void *packed) {
  pack_weights_with(false, pool, parts, count, k, packed);
}
static void gemm_packed(ck_pool *pool, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                        const void *packed, const float *bias, float *c, int64_t ldc) {
  gemm_packed_with(false, pool, m, n, k, a, lda, packed, bias, c, ldc);
}

const ck_matrix_kernels CK_MATRIX_TABLE = {
    .precision = CK_BF16 ? "bf16" : "fp32",
    .gemm = gemm,
    .packed_bytes = packed_bytes,
    .pack_weights = pack_weights,
    .gemm_packed = gemm_packed,
    .packed_rows = packed_rows,
};

#if !CK_BF16
static void gemm_rounded(ck_pool *pool, ck_gemm_kind kind, int64_t m, int64_t n, int64_t k,
                         const float *a, int64_t lda, const float *b, int64_t ldb,
                         const float *bias, float *c, int64_t ldc, bool accumulate) {
  gemm_with(true, pool, kind, m, n, k, a, lda, b, ldb, bias, c, ldc, accumulate);
}
static void pack_weights_rounded(ck_pool *pool, const ck_weight_part *parts, int64_t count,
                                 int64_t k, void *packed) {
  pack_weights_with(true, pool, parts, count, k, packed);
}
static void gemm_packed_rounded(ck_pool *pool, int64_t m, int64_t n, int64_t k, const float *a,
                                int64_t lda, const void *packed, const float *bias, float *c,
                                int64_t ldc) {
  gemm_packed_with(true, pool, m, n, k, a, lda, packed, bias, c, ldc);
}

// For processors without BF16 instructions: the same products, with operands rounded as they are packed.
const ck_matrix_kernels CK_ROUNDED_TABLE = {
    .precision = "bf16-emulated",
    .gemm = gemm_rounded,
    .packed_bytes = packed_bytes,
    .pack_weights = pack_weights_rounded,
    .gemm_packed = gemm_packed_rounded,
    .packed_rows = packed_rows,
};
#endif
