// The products in BF16 for x86-64-v4 with AVX512_BF16; see kernels/gemm_tile.h.
#if defined(__x86_64__)
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <immintrin.h>

#include "include/ck_kernels.h"

#define CK_W 16
#define CK_BF16 1
#define CK_MATRIX_TABLE ck_matrix_v4_bf16
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4,avx512bf16"))), apply_to = function)
#include "kernels/vector.h"

#include "kernels/gemm_tile.h"

#include "kernels/gemm_pack_bf16.h"

#include "kernels/gemm.h"

#include "kernels/gemm_packed.h"

#include "kernels/matrix.h"
#pragma clang attribute pop
#endif
