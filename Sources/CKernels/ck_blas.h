// What the kernels see of the loaded library.
#ifndef CK_BLAS_PRIVATE_H
#define CK_BLAS_PRIVATE_H

#include "include/ck_blas.h"

enum { CK_BLAS_ROW_MAJOR = 101, CK_BLAS_NO_TRANS = 111, CK_BLAS_TRANS = 112 };

typedef void (*ck_sgemm)(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                         const float *a, int lda, const float *b, int ldb, float beta, float *c,
                         int ldc);

struct ck_blas {
  ck_sgemm sgemm;
  const char *config;
  const char *core;
};

#endif
