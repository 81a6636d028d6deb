// Every kernel for x86-64-v4; see kernels/all.h.
#if defined(__x86_64__)
#define CK_LEVEL_NAME "x86-64-v4"
#define CK_TABLE ck_kernels_v4
#define CK_MATRIX_TABLE ck_matrix_v4
#define CK_ROUNDED_TABLE ck_matrix_v4_rounded
#define CK_W 16
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#include "kernels/all.h"
#pragma clang attribute pop
#endif
