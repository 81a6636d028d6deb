// Every kernel for the compiler's default target: SSE2 on x86-64, NEON on AArch64.
#define CK_LEVEL_NAME "baseline"
#define CK_TABLE ck_kernels_baseline
#define CK_MATRIX_TABLE ck_matrix_baseline
#define CK_ROUNDED_TABLE ck_matrix_baseline_rounded
#define CK_W 4
#include "kernels/all.h"
