// The inner product of every dense kernel: c (m,n) = a (m,k) * b (k,n) for blocks that fit in cache.
//
// b comes packed in panels of CK_NR columns, [k][CK_NR], zero beyond n. a is read in place with a
// constant stride CK_KS, either row by row (element (r,k) at r * CK_KS + k) or transposed ((r,k) at
// k * CK_KS + r); a constant stride lets the addresses of all CK_MR rows be immediates.
// Each element of c is one chain of fused multiply-adds over k, whatever m, n and its place in the
// tile: a row's result does not depend on the rows computed beside it.

#if CK_W == 16
enum { CK_MR = 14, CK_NV = 2 };  // 28 accumulators + 2 of b + 1 broadcast of 32 registers
#elif CK_W == 8
enum { CK_MR = 6, CK_NV = 2 };  // 12 + 2 + 1 of 16
#else
enum { CK_MR = 6, CK_NV = 2 };
#endif
enum { CK_NR = CK_NV * CK_W };
// Columns of a block of a: CK_NR * CK_KC floats of b (32 KiB) and CK_MR * CK_KC of a stay in the
// 48 KiB first-level cache. The stride is not a multiple of 4 KiB, so rows do not collide in it.
enum { CK_KC = 256, CK_KS = CK_KC + 16 };

typedef enum { CK_A_ROWS, CK_A_TRANSPOSED } ck_a_layout;

// How a tile is written: c = product (+ bias), or c += product.
CK_INLINE void micro_tile(const float *a, int64_t row_stride, int64_t k_stride, const float *b,
                          int64_t k, float *c, int64_t ldc, bool accumulate, const float *bias,
                          const int rows, const int vectors) {
  vf acc[CK_MR][CK_NV];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) acc[r][v] = v_set(0);
  for (int64_t i = 0; i < k; ++i) {
    vf bv[CK_NV];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) bv[v] = v_load(b + i * CK_NR + v * CK_W);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r) {
      vf av = v_set(a[r * row_stride + i * k_stride]);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) acc[r][v] += av * bv[v];
    }
  }
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

typedef void (*micro_fn)(const float *, const float *, int64_t, float *, int64_t, bool,
                         const float *);

#define CK_MICRO(NAME, ROWS, VECTORS, RS, KSTR)                                                   \
  static void NAME(const float *a, const float *b, int64_t k, float *c, int64_t ldc,             \
                   bool accumulate, const float *bias) {                                          \
    micro_tile(a, RS, KSTR, b, k, c, ldc, accumulate, bias, ROWS, VECTORS);                       \
  }
#define CK_MICROS(ROWS)                                           \
  CK_MICRO(micro_rows_##ROWS##_1, ROWS, 1, CK_KS, 1)              \
  CK_MICRO(micro_rows_##ROWS##_2, ROWS, 2, CK_KS, 1)              \
  CK_MICRO(micro_columns_##ROWS##_1, ROWS, 1, 1, CK_KS)           \
  CK_MICRO(micro_columns_##ROWS##_2, ROWS, 2, 1, CK_KS)
#define CK_MICRO_ENTRY(ROWS)                           \
  {{micro_rows_##ROWS##_1, micro_rows_##ROWS##_2},     \
   {micro_columns_##ROWS##_1, micro_columns_##ROWS##_2}}

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
  micro_fn fn[2][2];  // [layout of a][vectors - 1]
} micro_entry;

// Largest first: a block of rows is cut greedily.
static const micro_entry micro_table[] = {
#if CK_W == 16
    {14, CK_MICRO_ENTRY(14)}, {12, CK_MICRO_ENTRY(12)},
    {10, CK_MICRO_ENTRY(10)}, {8, CK_MICRO_ENTRY(8)},
#endif
    {6, CK_MICRO_ENTRY(6)},   {4, CK_MICRO_ENTRY(4)},
    {2, CK_MICRO_ENTRY(2)},   {1, CK_MICRO_ENTRY(1)},
};

// c (m,n) = or += a * b for k <= CK_KC (rows) or m <= CK_KC (transposed). Panels of b lie
// panel_stride floats apart.
static void gemm_block(ck_a_layout layout, const float *a, const float *b, int64_t panel_stride,
                       int64_t m, int64_t n, int64_t k, float *c, int64_t ldc, bool accumulate,
                       const float *bias) {
  int64_t row_stride = layout == CK_A_ROWS ? CK_KS : 1;
  for (int64_t j = 0; j < n; j += CK_NR, b += panel_stride) {
    int64_t columns = ck_min(CK_NR, n - j);
    int vectors = columns > CK_W ? 2 : 1;
    bool whole = columns == vectors * CK_W;
    const micro_entry *entry = micro_table;
    for (int64_t i = 0; i < m;) {
      while (entry->rows > m - i) ++entry;
      micro_fn fn = entry->fn[layout][vectors - 1];
      if (whole) {
        fn(a + i * row_stride, b, k, c + i * ldc + j, ldc, accumulate, bias ? bias + j : NULL);
      } else {
        float tile[CK_MR * CK_NR];
        fn(a + i * row_stride, b, k, tile, CK_NR, false, NULL);
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

// Transposes CK_W vectors in place: log2(CK_W) perfect shuffles.
CK_INLINE void v_transpose(vf v[CK_W]) {
#pragma clang loop unroll(full)
  for (int stage = 1; stage < CK_W; stage *= 2) {
    vf next[CK_W];
#pragma clang loop unroll(full)
    for (int i = 0; i < CK_W / 2; ++i) {
      vf x = v[i], y = v[i + CK_W / 2];
#if CK_W == 16
      next[2 * i] = __builtin_shufflevector(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22,
                                            7, 23);
      next[2 * i + 1] = __builtin_shufflevector(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13,
                                                29, 14, 30, 15, 31);
#elif CK_W == 8
      next[2 * i] = __builtin_shufflevector(x, y, 0, 8, 1, 9, 2, 10, 3, 11);
      next[2 * i + 1] = __builtin_shufflevector(x, y, 4, 12, 5, 13, 6, 14, 7, 15);
#else
      next[2 * i] = __builtin_shufflevector(x, y, 0, 4, 1, 5);
      next[2 * i + 1] = __builtin_shufflevector(x, y, 2, 6, 3, 7);
#endif
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < CK_W; ++i) v[i] = next[i];
  }
}

// One panel of b from rows of length k: element (k, j) at b[k * ldb + j]; columns <= CK_NR.
static void pack_panel(const float *b, int64_t ldb, int64_t k, int64_t columns, float *panel) {
  if (columns == CK_NR) {
    for (int64_t i = 0; i < k; ++i)
#pragma clang loop unroll(full)
      for (int v = 0; v < CK_NV; ++v)
        v_store(panel + i * CK_NR + v * CK_W, v_load(b + i * ldb + v * CK_W));
    return;
  }
  for (int64_t i = 0; i < k; ++i)
    for (int64_t j = 0; j < CK_NR; ++j)
      panel[i * CK_NR + j] = j < columns ? b[i * ldb + j] : 0;
}

// One panel of b from its transpose: element (k, j) at b[j * ldb + k].
static void pack_panel_transposed(const float *b, int64_t ldb, int64_t k, int64_t columns,
                                  float *panel) {
  for (int64_t part = 0; part < CK_NV; ++part) {
    int64_t here = ck_max(0, ck_min(CK_W, columns - part * CK_W));
    const float *source = b + part * CK_W * ldb;
    float *target = panel + part * CK_W;
    int64_t i = 0;
    if (here == CK_W) {
      for (; i + CK_W <= k; i += CK_W) {
        vf v[CK_W];
#pragma clang loop unroll(full)
        for (int j = 0; j < CK_W; ++j) v[j] = v_load(source + j * ldb + i);
        v_transpose(v);
#pragma clang loop unroll(full)
        for (int j = 0; j < CK_W; ++j) v_store(target + (i + j) * CK_NR, v[j]);
      }
    }
    for (; i < k; ++i)
      for (int64_t j = 0; j < CK_W; ++j)
        target[i * CK_NR + j] = j < here ? source[j * ldb + i] : 0;
  }
}

// Copies rows of at most CK_KC floats into the layout that the tiles read.
static void pack_rows(const float *a, int64_t lda, int64_t rows, int64_t k, float *out) {
  for (int64_t r = 0; r < rows; ++r) {
    int64_t i = 0;
    for (; i + CK_W <= k; i += CK_W) v_store(out + r * CK_KS + i, v_load(a + r * lda + i));
    for (; i < k; ++i) out[r * CK_KS + i] = a[r * lda + i];
  }
}
