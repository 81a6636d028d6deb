// The kernels, compiled once per instruction-set level and reached through a table of functions.
//
// Conventions: matrices are row-major FP32; "T" counts tokens; sizes are element counts. Outputs are
// overwritten unless a comment says "adds". No two arguments may overlap unless a comment says so.
// Every function cuts its work by shape only, so its bits do not depend on the pool's thread count;
// they do depend on the level (fused multiply-add, vector width), which a run therefore records.
#ifndef CK_KERNELS_H
#define CK_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "ck_blas.h"
#include "ck_pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The three products of a linear layer y = x w^T.
typedef enum {
  CK_GEMM_NT = 0,  ///< c (m,n) = a (m,k) * b (n,k)^T     forward:      y  = x  w^T
  CK_GEMM_NN = 1,  ///< c (m,n) = a (m,k) * b (k,n)       input grad:   dx = dy w
  CK_GEMM_TN = 2   ///< c (m,n) = a (k,m)^T * b (k,n)     weight grad:  dw = dy^T x
} ck_gemm_kind;

/// What matrices are multiplied in. Operands and results are FP32 in memory; CK_BF16_PRODUCTS rounds
/// the operands to BF16 (to nearest, ties to even) and adds up in FP32; a key-value block is then BF16.
typedef enum { CK_FP32_PRODUCTS = 0, CK_BF16_PRODUCTS = 1 } ck_precision;

/// One span of a key-value block: keys, then values, of each layer in turn.
/// keys of a layer:   [kvHeads][ceil(capacity / 32)][headDim][32], the token is the innermost index
/// values of a layer: [kvHeads][capacity rounded up to 32][headDim]
/// Elements are floats, or BF16 numbers. Contents beyond `count` tokens may be anything.
/// CK_KV_LANES = 32 tokens make one panel.
enum { CK_KV_LANES = 32 };
typedef struct {
  const void *keys;    ///< of layer 0
  const void *values;  ///< of layer 0
  int64_t capacity;    ///< a multiple of CK_KV_LANES
  int64_t count;       ///< tokens present; of a decode row's own span the last is the new one
} ck_kv_span;

/// One row of a decode batch: attends to its prefix (shared, may be empty), then to its own tokens.
typedef struct {
  ck_kv_span prefix;
  ck_kv_span own;
} ck_decode_row;

/// Sampling parameters of one row; "off" values are temperature 1, top_k 0, top_p 1, min_p 0,
/// repetition_penalty 1. temperature 0 is greedy.
typedef struct {
  float temperature;
  int32_t top_k;
  float top_p;
  float min_p;
  float repetition_penalty;
} ck_sampling;

typedef struct {
  double lr, beta1, beta2, eps, weight_decay;
  double grad_scale;
  double bias_correction1;  ///< 1 - beta1^step
  double bias_correction2;  ///< 1 - beta2^step
} ck_adamw_options;

typedef struct {
  const char *name;      ///< "x86-64-v4", "x86-64-v3" or "baseline"
  int32_t vector_width;  ///< floats per vector

  /// As `ck_matrix_kernels.gemm`, by a vendor's library, in FP32.
  void (*gemm_blas)(ck_pool *pool, const ck_blas *blas, ck_gemm_kind kind, int64_t m, int64_t n,
                    int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                    const float *bias, float *c, int64_t ldc, bool accumulate);

  /// out (width) adds the column sums of x (rows, width).
  void (*column_sum)(ck_pool *pool, const float *x, float *out, int64_t rows, int64_t width);

  /// out = a + scale * b. out may be a or b.
  void (*add)(ck_pool *pool, const float *a, const float *b, float scale, float *out,
              int64_t count);
  /// x *= scale
  void (*scale)(ck_pool *pool, float *x, float scale, int64_t count);
  void (*fill)(ck_pool *pool, float *x, float value, int64_t count);
  void (*copy)(ck_pool *pool, const float *x, float *out, int64_t count);

  /// out (count,width): row i is table row rows[i].
  void (*gather_rows)(ck_pool *pool, const float *table, const int32_t *rows, float *out,
                      int64_t count, int64_t width);
  /// table row rows[i] adds scale * x row i, in the order of i.
  void (*scatter_add_rows)(ck_pool *pool, const float *x, const int32_t *rows, float *table,
                           int64_t count, int64_t width);

  /// y = x / sqrt(mean(x^2) + eps) * w; inverse (rows) keeps 1 / sqrt(...). inverse may be NULL.
  void (*rms_forward)(ck_pool *pool, const float *x, const float *w, float *y, float *inverse,
                      int64_t rows, int64_t width, float eps);
  /// dx = ..., or dx += ... when accumulate; dw (width) adds, may be NULL.
  void (*rms_backward)(ck_pool *pool, const float *x, const float *w, const float *inverse,
                       const float *dy, float *dx, float *dw, int64_t rows, int64_t width,
                       bool accumulate);

  /// Half-split rotation of x (T, heads, dim) by table rows positions[t]: cos and sin are
  /// (positions, dim / 2). inverse rotates back (the backward). y may be x.
  void (*rope)(ck_pool *pool, const float *x, float *y, const int32_t *positions,
               const float *cos, const float *sin, int64_t tokens, int64_t heads, int64_t dim,
               bool inverse);

  /// y = silu(gate) * up
  void (*swiglu_forward)(ck_pool *pool, const float *gate, const float *up, float *y,
                         int64_t count);
  /// dgate and dup from dy. dgate or dup may be dy.
  void (*swiglu_backward)(ck_pool *pool, const float *gate, const float *up, const float *dy,
                          float *dgate, float *dup, int64_t count);

  /// Of logits (rows, vocab) * inverse_temperature: lse (rows), log_probs[r] of targets[r];
  /// entropy (nats) and is_argmax may be NULL. A tie counts as the argmax at the lowest index.
  void (*log_prob_forward)(ck_pool *pool, const float *logits, const int32_t *targets,
                           float inverse_temperature, float *lse, float *log_probs,
                           float *entropy, uint8_t *is_argmax, int64_t rows, int64_t vocab);
  /// logits become d(loss)/d(logits), in place: grad[r] * (onehot - p) * inverse_temperature.
  void (*log_prob_backward)(ck_pool *pool, float *logits, const int32_t *targets,
                            float inverse_temperature, const float *lse, const float *grad,
                            int64_t rows, int64_t vocab);

  /// Causal attention inside each segment. q, o (T, heads, dim); k, v (T, kv_heads, dim), dim at most
  /// 256, rows of q and of k and v so many floats apart; segments (segment_count + 1) starts. prefixes (segment_count) names the segment that all
  /// tokens of a segment see before their own, -1 for none, itself one without a prefix; NULL: none
  /// has one. lse (T, heads), may be NULL: log2 of the sum of 2^(score * scale * log2 e).
  void (*attention_forward)(ck_pool *pool, const float *q, int64_t q_stride, const float *k,
                            const float *v, int64_t kv_stride, float *o, float *lse, const int32_t *segments,
                            const int32_t *prefixes, int64_t segment_count, int64_t heads,
                            int64_t kv_heads, int64_t dim, float scale);
  /// dq, dk, dv are overwritten; lse and o are the forward's.
  void (*attention_backward)(ck_pool *pool, const float *q, const float *k, const float *v,
                             const float *o, const float *lse, const float *d_o, float *dq,
                             float *dk, float *dv, const int32_t *segments,
                             const int32_t *prefixes, int64_t segment_count, int64_t heads,
                             int64_t kv_heads, int64_t dim, float scale);

  /// x (rows, width) += added, then y = rms_forward(x).
  void (*add_rms_forward)(ck_pool *pool, float *x, const float *added, const float *w, float *y,
                          int64_t rows, int64_t width, float eps);
  /// y (rows, width) = silu(gate) * up, both side by side in gate_up (rows, 2 width).
  void (*swiglu_rows)(ck_pool *pool, const float *gate_up, float *y, int64_t rows, int64_t width);

  /// qkv (rows, heads + 2 kv_heads, dim), one new token per row: queries and keys are normalised by
  /// head (norms may be NULL) and rotated in place; keys and values go to the end of the row's own span.
  void (*decode_prepare)(ck_pool *pool, ck_precision type, float *qkv, const ck_decode_row *table,
                         int64_t rows, int64_t layer, int64_t heads, int64_t kv_heads, int64_t dim,
                         const float *q_norm, const float *k_norm, float eps,
                         const int32_t *positions, const float *cos, const float *sin);
  /// One new query per row: q (rows, heads, dim) with rows q_stride floats apart; o is contiguous.
  /// Neighbouring rows with the same prefix.keys read the prefix once.
  void (*decode_attention)(ck_pool *pool, ck_precision type, const float *q, int64_t q_stride,
                           float *o, const ck_decode_row *table, int64_t rows, int64_t layer,
                           int64_t heads, int64_t kv_heads, int64_t dim, float scale);

  /// x (rows, vocab) becomes softmax(x * inverse_temperature), per row.
  void (*softmax_rows)(ck_pool *pool, float *x, float inverse_temperature, int64_t rows,
                       int64_t vocab);
  /// Draws tokens[r] from logits (rows, vocab) with uniform[r] in [0, 1); log_probs[r] is its log p
  /// under the whole softmax of logits / temperature, before penalty and truncation. seen and
  /// seen_starts (rows + 1) list the tokens each row has had; NULL without a penalty.
  void (*sample)(ck_pool *pool, const float *logits, const ck_sampling *options,
                 const float *uniform, const int32_t *seen, const int64_t *seen_starts,
                 int32_t *tokens, float *log_probs, int64_t rows, int64_t vocab);

  double (*sum_squares)(ck_pool *pool, const float *x, int64_t count);
  double (*dot)(ck_pool *pool, const float *x, const float *y, int64_t count);

  /// torch.optim.AdamW's formula over one run of parameters; weight_decay 0 for undecayed ones.
  void (*adamw)(ck_pool *pool, float *p, const float *g, float *m, float *v, int64_t count,
                ck_adamw_options options);
} ck_kernels;

/// Rows of a weight (n,k), one of several that lie one below the other.
typedef struct {
  const float *w;
  int64_t n;
} ck_weight_part;

/// The products of one level at one precision. A row of a result does not depend on the rows beside it,
/// and `gemm_packed` gives the bits of `gemm`.
typedef struct {
  const char *precision;  ///< "fp32", "bf16" (by BF16 instructions) or "bf16-emulated"

  /// c = product (+ bias over n, may be NULL), or c += product when accumulate (bias ignored then).
  void (*gemm)(ck_pool *pool, ck_gemm_kind kind, int64_t m, int64_t n, int64_t k, const float *a,
               int64_t lda, const float *b, int64_t ldb, const float *bias, float *c, int64_t ldc,
               bool accumulate);

  /// Bytes that a packed weight (n,k) takes.
  int64_t (*packed_bytes)(int64_t n, int64_t k);
  /// Packs weights of k columns, one below the other, for `gemm_packed`.
  void (*pack_weights)(ck_pool *pool, const ck_weight_part *parts, int64_t count, int64_t k,
                       void *packed);
  /// c (m,n) = a (m,k) * w (n,k)^T (+ bias).
  void (*gemm_packed)(ck_pool *pool, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda,
                      const void *packed, const float *bias, float *c, int64_t ldc);
  /// out (count, k): row i is row rows[i] of a packed weight, as it was rounded.
  void (*packed_rows)(const void *packed, int64_t k, const int32_t *rows, int64_t count, float *out);
} ck_matrix_kernels;

typedef enum { CK_LEVEL_BASELINE = 0, CK_LEVEL_V3 = 1, CK_LEVEL_V4 = 2 } ck_level;

/// The best level this processor can run.
ck_level ck_best_level(void);
/// The kernels of a level; NULL when this processor or build does not have it.
const ck_kernels *ck_kernels_at(ck_level level);

/// The products of a level; NULL as `ck_kernels_at`.
const ck_matrix_kernels *ck_matrix_kernels_at(ck_level level, ck_precision precision);

// ---- conversions (exact, the same at every level) ------------------------------------------------

void ck_bf16_to_f32(const uint16_t *x, float *y, int64_t count);
void ck_f16_to_f32(const uint16_t *x, float *y, int64_t count);
/// Round to nearest, ties to even; NaN stays NaN.
void ck_f32_to_bf16(const float *x, uint16_t *y, int64_t count);
void ck_f32_to_f16(const float *x, uint16_t *y, int64_t count);

#ifdef __cplusplus
}
#endif
#endif
