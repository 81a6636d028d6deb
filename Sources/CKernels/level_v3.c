// Every kernel for x86-64-v3; see kernels/all.h.
#if defined(__x86_64__)
#define CK_LEVEL_NAME "x86-64-v3"
#define CK_TABLE ck_kernels_v3
#define CK_MATRIX_TABLE ck_matrix_v3
#define CK_ROUNDED_TABLE ck_matrix_v3_rounded
#define CK_W 8
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#include "kernels/all.h"
#pragma clang attribute pop
#endif
