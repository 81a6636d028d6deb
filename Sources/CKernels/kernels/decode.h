// Attention of one new token per sequence against cached keys and values.
//
// Keys are stored in panels [32 tokens][dim][32] (the token innermost), so scores are sums of
// broadcast queries times vectors of tokens, with no horizontal sums; values are plain rows. A unit
// is (run of neighbouring rows that share a prefix, kv head): the shared prefix is read once for up
// to CK_DECODE_ROWS queries of the run. The cache holds floats, or BF16 numbers that are widened as they
// are read.
//
// Memory sets the pace, and units are short: a task is several of them, and each asks for what the next one
// reads first. Each thread has a few tasks, so that all end together.

enum { CK_DECODE_ROWS = 16, CK_KEYS_AHEAD = 64, CK_TASKS_PER_THREAD = 8 };

typedef struct {
  const float *q;
  float *o;
  const ck_decode_row *table;
  const int64_t *runs;  // run r is rows runs[r] ..< runs[r + 1]
  int64_t heads, kv_heads, dim, q_stride, layer, units, part;
  float scale;
} decode_job;

typedef struct {
  float *qkv;
  const float *q_norm, *k_norm, *cos, *sin;
  const int32_t *positions;
  const ck_decode_row *table;
  int64_t rows, heads, kv_heads, dim, layer, part;
  float eps;
} prepare_job;

#define CK_BY_FOUR(COUNT, CALL)                                  \
  for (int64_t r = 0; r < (COUNT);) {                            \
    int64_t left = (COUNT) - r;                                  \
    if (left >= 4) { enum { ROWS = 4 }; CALL; r += 4; }          \
    else if (left >= 2) { enum { ROWS = 2 }; CALL; r += 2; }     \
    else { enum { ROWS = 1 }; CALL; r += 1; }                    \
  }

// To nearest, ties to even; NaN stays NaN.
CK_INLINE uint16_t bf16_round(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

CK_INLINE vf bf16_widen(const uint16_t *p) {
  uint16_t __attribute__((ext_vector_type(CK_W))) narrow;
  __builtin_memcpy(&narrow, p, sizeof narrow);
  return __builtin_bit_cast(vf, __builtin_convertvector(narrow, vi) << 16);
}

#define CK_KV(NAME) kv_f32_##NAME
#define CK_KV_TYPE float
#define CK_KV_LOAD v_load
#define CK_KV_ROUND(X) (X)
#define CK_KV_SPREAD 0
#include "decode_cache.h"
#undef CK_KV
#undef CK_KV_TYPE
#undef CK_KV_LOAD
#undef CK_KV_ROUND
#undef CK_KV_SPREAD

#define CK_KV(NAME) kv_bf16_##NAME
#define CK_KV_TYPE uint16_t
#define CK_KV_LOAD bf16_widen
#define CK_KV_ROUND bf16_round
#define CK_KV_SPREAD 1
#include "decode_cache.h"

static void decode_prepare(ck_pool *pool, ck_precision type, float *qkv, const ck_decode_row *table,
                           int64_t rows, int64_t layer, int64_t heads, int64_t kv_heads,
                           int64_t dim, const float *q_norm, const float *k_norm, float eps,
                           const int32_t *positions, const float *cos, const float *sin) {
  prepare_job job = {.qkv = qkv, .q_norm = q_norm, .k_norm = k_norm, .cos = cos, .sin = sin,
                     .positions = positions, .table = table, .rows = rows, .heads = heads,
                     .kv_heads = kv_heads, .dim = dim, .layer = layer, .eps = eps,
                     .part = ck_rows_per_task(8 * (heads + 2 * kv_heads) * dim)};
  ck_task task = type == CK_BF16_PRODUCTS ? kv_bf16_prepare_task : kv_f32_prepare_task;
  ck_parallel_for(pool, ck_ceil_div(rows, job.part), task, &job);
}

static void decode_attention(ck_pool *pool, ck_precision type, const float *q, int64_t q_stride,
                             float *o, const ck_decode_row *table, int64_t rows, int64_t layer,
                             int64_t heads, int64_t kv_heads, int64_t dim, float scale) {
  int64_t *runs = ck_scratch(CK_SCRATCH_SHARED, sizeof(int64_t) * (size_t)(rows + 1));
  int64_t count = 0, limit = ck_max(1, CK_DECODE_ROWS / (heads / kv_heads));
  for (int64_t b = 0; b < rows; ++b) {
    bool joins = count > 0 && b - runs[count - 1] < limit &&
                 table[b].prefix.keys == table[runs[count - 1]].prefix.keys &&
                 table[b].prefix.count == table[runs[count - 1]].prefix.count;
    if (!joins) runs[count++] = b;
  }
  runs[count] = rows;
  decode_job job = {.q = q, .o = o, .table = table, .runs = runs, .heads = heads,
                    .kv_heads = kv_heads, .dim = dim, .q_stride = q_stride, .layer = layer,
                    .units = count * kv_heads, .scale = scale};
  job.part = ck_max(1, job.units / (CK_TASKS_PER_THREAD * ck_pool_threads(pool)));
  ck_task task = type == CK_BF16_PRODUCTS ? kv_bf16_task : kv_f32_task;
  ck_parallel_for(pool, ck_ceil_div(job.units, job.part), task, &job);
}
