#include "include/ck_kernels.h"

extern const ck_kernels ck_kernels_baseline;
extern const ck_matrix_kernels ck_matrix_baseline, ck_matrix_baseline_rounded;
#if defined(__x86_64__)
extern const ck_matrix_kernels ck_matrix_v3, ck_matrix_v3_rounded;
extern const ck_matrix_kernels ck_matrix_v4, ck_matrix_v4_rounded, ck_matrix_v4_bf16;
extern const ck_kernels ck_kernels_v3;
extern const ck_kernels ck_kernels_v4;
#endif

ck_level ck_best_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return CK_LEVEL_V4;
  if (__builtin_cpu_supports("x86-64-v3")) return CK_LEVEL_V3;
#endif
  return CK_LEVEL_BASELINE;
}

const ck_kernels *ck_kernels_at(ck_level level) {
  if (level > ck_best_level()) return 0;
  switch (level) {
#if defined(__x86_64__)
    case CK_LEVEL_V4:
      return &ck_kernels_v4;
    case CK_LEVEL_V3:
      return &ck_kernels_v3;
#endif
    case CK_LEVEL_BASELINE:
      return &ck_kernels_baseline;
    default:
      return 0;
  }
}

const ck_matrix_kernels *ck_matrix_kernels_at(ck_level level, ck_precision precision) {
  if (level > ck_best_level()) return 0;
  bool rounded = precision == CK_BF16_PRODUCTS;
  switch (level) {
#if defined(__x86_64__)
    case CK_LEVEL_V4:
      if (rounded && __builtin_cpu_supports("avx512bf16")) return &ck_matrix_v4_bf16;
      return rounded ? &ck_matrix_v4_rounded : &ck_matrix_v4;
    case CK_LEVEL_V3:
      return rounded ? &ck_matrix_v3_rounded : &ck_matrix_v3;
#endif
    case CK_LEVEL_BASELINE:
      return rounded ? &ck_matrix_baseline_rounded : &ck_matrix_baseline;
    default:
      return 0;
  }
}
