// The inner product of every dense kernel: c (m,n) = a (m,k) * b (k,n) for blocks that fit in cache.
//
// Operands come packed, one `ck_packed` for each step of the sum: a float, or a pair of BF16 numbers of
// neighbouring k, the earlier one in the lower half. b comes in panels of CK_NR columns, [step][CK_NR],
// zero beyond n. a is read with strides that are constants, which lets the addresses of all CK_MR rows
// be immediates: row by row (step k of row r at r * CK_KS + k), transposed (at k * CK_KS + r), or in
// panels of CK_MR rows, [step][CK_MR]. Each element of c is one chain over the steps, whatever m, n and
// its place in the tile: a row's result does not depend on the rows computed beside it.

#if CK_BF16
typedef uint32_t ck_packed;
typedef __m512bh ck_packed_vector;
enum { CK_PER_STEP = 2 };  // elements of k
CK_INLINE ck_packed_vector packed_load(const ck_packed *p) {
  return (ck_packed_vector)_mm512_loadu_si512(p);
}
CK_INLINE ck_packed_vector packed_set(ck_packed p) {
  return (ck_packed_vector)_mm512_set1_epi32((int)p);
}
CK_INLINE vf packed_multiply_add(vf sum, ck_packed_vector a, ck_packed_vector b) {
  return (vf)_mm512_dpbf16_ps((__m512)sum, a, b);
}
#else
typedef float ck_packed;
typedef vf ck_packed_vector;
enum { CK_PER_STEP = 1 };
CK_INLINE ck_packed_vector packed_load(const ck_packed *p) { return v_load(p); }
CK_INLINE ck_packed_vector packed_set(ck_packed p) { return v_set(p); }
CK_INLINE vf packed_multiply_add(vf sum, ck_packed_vector a, ck_packed_vector b) {
  return sum + a * b;
}
#endif

// Steps of a sum over k elements; an odd last one is paired with zero.
CK_INLINE int64_t ck_steps(int64_t k) { return (k + CK_PER_STEP - 1) / CK_PER_STEP; }

#if CK_W == 16
enum { CK_MR = 14, CK_NV = 2 };  // 28 accumulators + 2 of b + 1 broadcast of 32 registers
#elif CK_W == 8
enum { CK_MR = 6, CK_NV = 2 };  // 12 + 2 + 1 of 16
#else
enum { CK_MR = 6, CK_NV = 2 };
#endif
enum { CK_NR = CK_NV * CK_W };
// Steps of a block of a: CK_NR * CK_KC steps of b (32 KiB) and CK_MR * CK_KC of a stay in the
// 48 KiB first-level cache. The stride is not a multiple of 4 KiB, so rows do not collide in it.
enum { CK_KC = 256, CK_KS = CK_KC + 16 };
// Where a sum needs several passes anyway, shorter ones leave the first-level cache room for what passes
// through it (BF16: 6 % for weight gradients).
enum { CK_KC_OF_MANY = 192 };

// Steps of b that a tile of few rows asks for ahead: 4 KiB.
enum { CK_STREAM_AHEAD = 32 };
// What a higher tile asks for in each step, of the panel after this one: a cache line, half a panel in all.
// The first tile of a panel reads it four times as fast as memory gives it; the others leave memory idle.
enum { CK_PANEL_AHEAD = CK_NR / 2 };

typedef enum { CK_A_ROWS, CK_A_TRANSPOSED, CK_A_PANELS } ck_a_layout;

// Writes a tile: c = acc (+ bias), or c += acc.
CK_INLINE void write_tile(vf acc[CK_MR][CK_NV], float *c, int64_t ldc, bool accumulate,
                          const float *bias, const int rows, const int vectors) {
  if (accumulate) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) {
        float *p = c + r * ldc + v * CK_W;
        v_store(p, v_load(p) + acc[r][v]);
      }
  } else if (bias) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v)
        v_store(c + r * ldc + v * CK_W, acc[r][v] + v_load(bias + v * CK_W));
  } else {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) v_store(c + r * ldc + v * CK_W, acc[r][v]);
  }
}

CK_INLINE void micro_tile(const ck_packed *a, int64_t row_stride, int64_t step_stride,
                          const ck_packed *b, int64_t steps, float *c, int64_t ldc,
                          bool accumulate, const float *bias, const ck_packed *ahead,
                          const int rows, const int vectors) {
  vf acc[CK_MR][CK_NV];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) acc[r][v] = v_set(0);
  for (int64_t i = 0; i < steps; ++i) {
    // A few rows read b faster than the processor's own prefetching follows a stream across pages.
    if (rows <= 8)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v)
        __builtin_prefetch(b + (i + CK_STREAM_AHEAD) * CK_NR + v * CK_W);
    else
      __builtin_prefetch(ahead + i * CK_PANEL_AHEAD, 0, 2);
    ck_packed_vector bv[CK_NV];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) bv[v] = packed_load(b + i * CK_NR + v * CK_W);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) {
      ck_packed_vector av = packed_set(a[r * row_stride + i * step_stride]);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) acc[r][v] = packed_multiply_add(acc[r][v], av, bv[v]);
    }
  }
  write_tile(acc, c, ldc, accumulate, bias, rows, vectors);
}

typedef void (*micro_fn)(const ck_packed *, const ck_packed *, int64_t, float *, int64_t, bool,
                         const float *, const ck_packed *);

#define CK_MICRO(NAME, ROWS, VECTORS, RS, KSTR)                                                   \
  static void NAME(const ck_packed *a, const ck_packed *b, int64_t steps, float *c, int64_t ldc, \
                   bool accumulate, const float *bias, const ck_packed *ahead) {                  \
    micro_tile(a, RS, KSTR, b, steps, c, ldc, accumulate, bias, ahead, ROWS, VECTORS);             \
  }
#define CK_MICROS(ROWS)                                           \
  CK_MICRO(micro_rows_##ROWS##_1, ROWS, 1, CK_KS, 1)              \
  CK_MICRO(micro_rows_##ROWS##_2, ROWS, 2, CK_KS, 1)              \
  CK_MICRO(micro_columns_##ROWS##_1, ROWS, 1, 1, CK_KS)           \
  CK_MICRO(micro_columns_##ROWS##_2, ROWS, 2, 1, CK_KS)           \
  CK_MICRO(micro_panels_##ROWS##_1, ROWS, 1, 1, CK_MR)            \
  CK_MICRO(micro_panels_##ROWS##_2, ROWS, 2, 1, CK_MR)
#define CK_MICRO_ENTRY(ROWS)                           \
  {{micro_rows_##ROWS##_1, micro_rows_##ROWS##_2},     \
   {micro_columns_##ROWS##_1, micro_columns_##ROWS##_2}, \
   {micro_panels_##ROWS##_1, micro_panels_##ROWS##_2}}

CK_MICROS(1)
CK_MICROS(2)
CK_MICROS(4)
CK_MICROS(6)
#if CK_W == 16
CK_MICROS(8)
CK_MICROS(10)
CK_MICROS(12)
CK_MICROS(14)
#endif

typedef struct {
  int rows;
  micro_fn fn[3][2];  // [layout of a][vectors - 1]
} micro_entry;

// Largest first.
static const micro_entry micro_table[] = {
#if CK_W == 16
    {14, CK_MICRO_ENTRY(14)}, {12, CK_MICRO_ENTRY(12)},
    {10, CK_MICRO_ENTRY(10)}, {8, CK_MICRO_ENTRY(8)},
#endif
    {6, CK_MICRO_ENTRY(6)},   {4, CK_MICRO_ENTRY(4)},
    {2, CK_MICRO_ENTRY(2)},   {1, CK_MICRO_ENTRY(1)},
};

// The address of row i of a block of a that is `steps` deep.
CK_INLINE const ck_packed *a_row(ck_a_layout layout, const ck_packed *a, int64_t i,
                                 int64_t steps) {
  if (layout == CK_A_ROWS) return a + i * CK_KS;
  if (layout == CK_A_TRANSPOSED) return a + i;
  return a + i / CK_MR * CK_MR * steps + i % CK_MR;
}

// The tile for the first of `left` rows. Tiles are of about equal height, since a low one leaves the
// multipliers waiting for their own sums: 32 rows are 12 + 10 + 10, not 14 + 14 + 4. Tiles of a in
// panels do not cross a panel's end.
CK_INLINE const micro_entry *micro_entry_for(ck_a_layout layout, int64_t left) {
  int64_t wanted = ck_min(left, CK_MR);
  if (layout != CK_A_PANELS && left > CK_MR && left < 4 * CK_MR) {
    int64_t tiles = ck_ceil_div(left, CK_MR);
    wanted = ck_ceil_div(ck_ceil_div(left, tiles), 2) * 2;
  }
  const micro_entry *entry = micro_table;
  while (entry->rows > wanted) ++entry;
  return entry;
}

// c (m,n) = or += a * b for at most CK_KC steps (rows) or m <= CK_KC (transposed). Panels of b lie
// panel_stride elements apart; `next`, where it is not NULL, is the panel that comes after them.
static void gemm_block(ck_a_layout layout, const ck_packed *a, const ck_packed *b,
                       int64_t panel_stride, int64_t m, int64_t n, int64_t steps, float *c,
                       int64_t ldc, bool accumulate, const float *bias, const ck_packed *next) {
  for (int64_t j = 0; j < n; j += CK_NR, b += panel_stride) {
    int64_t columns = ck_min(CK_NR, n - j);
    int vectors = columns > CK_W ? 2 : 1;
    bool whole = columns == vectors * CK_W;
    const ck_packed *following = j + CK_NR < n ? b + panel_stride : next;
    int half = -1;  // of the following panel: the first tile is busy with its own
    for (int64_t i = 0; i < m; ++half) {
      const micro_entry *entry = micro_entry_for(layout, m - i);
      micro_fn fn = entry->fn[layout][vectors - 1];
      const ck_packed *ahead =
          following && (half == 0 || half == 1) ? following + half * steps * CK_PANEL_AHEAD : b;
      if (whole) {
        fn(a_row(layout, a, i, steps), b, steps, c + i * ldc + j, ldc, accumulate,
           bias ? bias + j : NULL, ahead);
      } else {
        float tile[CK_MR * CK_NR];
        fn(a_row(layout, a, i, steps), b, steps, tile, CK_NR, false, NULL, ahead);
        for (int r = 0; r < entry->rows; ++r)
          for (int64_t q = 0; q < columns; ++q) {
            float *p = c + (i + r) * ldc + j + q;
            float old = accumulate ? *p : bias ? bias[j + q] : 0;
            *p = old + tile[r * CK_NR + q];
          }
      }
      i += entry->rows;
    }
  }
}
