// One level's kernels. A level_*.c file defines CK_LEVEL_NAME, the tables' names and CK_W (floats per
// vector), switches the target on for every function that follows, and includes this.
//
// Why not target_clones: helpers that pass vectors cannot cross its dispatch, a level cannot be
// forced (so neither tested on a newer machine nor kept for an older run's bits), and it needs ifunc.

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if CK_W == 16 && defined(__x86_64__)
#include <immintrin.h>
#endif

#include "../ck_blas.h"
#include "../include/ck_kernels.h"

#include "vector.h"

#define CK_BF16 0
#include "gemm_tile.h"

#include "gemm_pack.h"

#include "gemm.h"

#include "gemm_blas.h"

#include "gemm_packed.h"

#include "matrix.h"

#include "elementwise.h"

#include "norm.h"

#include "softmax.h"

#include "attention_tile.h"

#include "attention.h"

#include "attention_backward.h"

#include "decode.h"

#include "sample.h"

#include "optimizer.h"

const ck_kernels CK_TABLE = {
    .name = CK_LEVEL_NAME,
    .vector_width = CK_W,
    .gemm_blas = gemm_blas,
    .column_sum = column_sum,
    .add = add,
    .scale = scale,
    .fill = fill,
    .copy = copy,
    .gather_rows = gather_rows,
    .scatter_add_rows = scatter_add_rows,
    .rms_forward = rms_forward,
    .rms_backward = rms_backward,
    .rope = rope,
    .swiglu_forward = swiglu_forward,
    .swiglu_backward = swiglu_backward,
    .log_prob_forward = log_prob_forward,
    .log_prob_backward = log_prob_backward,
    .attention_forward = attention_forward,
    .attention_backward = attention_backward,
    .add_rms_forward = add_rms_forward,
    .swiglu_rows = swiglu_rows,
    .decode_prepare = decode_prepare,
    .decode_attention = decode_attention,
    .softmax_rows = softmax_rows,
    .sample = sample,
    .sum_squares = sum_squares,
    .dot = dot,
    .adamw = adamw,
};
