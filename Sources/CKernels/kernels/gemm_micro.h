// The inner product of every dense kernel: c (m,n) = a (m,k) * b (k,n) for blocks that fit in cache.
//
// b comes packed in panels of CK_NR columns, [k][CK_NR], zero beyond n. a is read with strides that
// are constants, which lets the addresses of all CK_MR rows be immediates: row by row (element (r,k)
// at r * CK_KS + k), transposed ((r,k) at k * CK_KS + r), or in panels of CK_MR rows, [k][CK_MR].
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

typedef enum { CK_A_ROWS, CK_A_TRANSPOSED, CK_A_PANELS } ck_a_layout;

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

// Largest first: a block of rows is cut greedily.
static const micro_entry micro_table[] = {
#if CK_W == 16
    {14, CK_MICRO_ENTRY(14)}, {12, CK_MICRO_ENTRY(12)},
    {10, CK_MICRO_ENTRY(10)}, {8, CK_MICRO_ENTRY(8)},
#endif
    {6, CK_MICRO_ENTRY(6)},   {4, CK_MICRO_ENTRY(4)},
    {2, CK_MICRO_ENTRY(2)},   {1, CK_MICRO_ENTRY(1)},
};

// The address of row i of a block of a that is k deep.
CK_INLINE const float *a_row(ck_a_layout layout, const float *a, int64_t i, int64_t k) {
  if (layout == CK_A_ROWS) return a + i * CK_KS;
  if (layout == CK_A_TRANSPOSED) return a + i;
  return a + i / CK_MR * CK_MR * k + i % CK_MR;
}

// c (m,n) = or += a * b for k <= CK_KC (rows) or m <= CK_KC (transposed). Panels of b lie
// panel_stride floats apart.
static void gemm_block(ck_a_layout layout, const float *a, const float *b, int64_t panel_stride,
                       int64_t m, int64_t n, int64_t k, float *c, int64_t ldc, bool accumulate,
                       const float *bias) {
  for (int64_t j = 0; j < n; j += CK_NR, b += panel_stride) {
    int64_t columns = ck_min(CK_NR, n - j);
    int vectors = columns > CK_W ? 2 : 1;
    bool whole = columns == vectors * CK_W;
    const micro_entry *entry = micro_table;
    for (int64_t i = 0; i < m;) {
      while (entry->rows > m - i) ++entry;
      micro_fn fn = entry->fn[layout][vectors - 1];
      if (whole) {
        fn(a_row(layout, a, i, k), b, k, c + i * ldc + j, ldc, accumulate, bias ? bias + j : NULL);
      } else {
        float tile[CK_MR * CK_NR];
        fn(a_row(layout, a, i, k), b, k, tile, CK_NR, false, NULL);
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

#if CK_W == 16 && defined(__x86_64__)
// Columns 0 ..< 4 of 16 rows: row r is at x + r * stride. Lanes are put in place by masked loads,
// which need no shuffle unit: that halves the shuffles of a transposition.
CK_INLINE void transpose_four(const float *x, int64_t stride, vf out[4]) {
  __m512 v[4];
#pragma clang loop unroll(full)
  for (int r = 0; r < 4; ++r) {
    const float *p = x + r * stride;
    v[r] = _mm512_castps128_ps512(_mm_loadu_ps(p));
    v[r] = _mm512_mask_broadcast_f32x4(v[r], 0x00f0, _mm_loadu_ps(p + 4 * stride));
    v[r] = _mm512_mask_broadcast_f32x4(v[r], 0x0f00, _mm_loadu_ps(p + 8 * stride));
    v[r] = _mm512_mask_broadcast_f32x4(v[r], 0xf000, _mm_loadu_ps(p + 12 * stride));
  }
  __m512d a = _mm512_castps_pd(_mm512_unpacklo_ps(v[0], v[1]));
  __m512d b = _mm512_castps_pd(_mm512_unpackhi_ps(v[0], v[1]));
  __m512d c = _mm512_castps_pd(_mm512_unpacklo_ps(v[2], v[3]));
  __m512d d = _mm512_castps_pd(_mm512_unpackhi_ps(v[2], v[3]));
  out[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
  out[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
  out[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
  out[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
}

// Transposes 16 rows of 16 floats; column k goes to out + k * CK_NR.
CK_INLINE void transpose_block(const float *x, int64_t stride, float *out) {
#pragma clang loop unroll(full)
  for (int k = 0; k < 16; k += 4) {
    vf columns[4];
    transpose_four(x + k, stride, columns);
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; ++j) v_store(out + (k + j) * CK_NR, columns[j]);
  }
}
#else
// Transposes CK_W vectors in place: log2(CK_W) perfect shuffles.
CK_INLINE void v_transpose(vf v[CK_W]) {
#pragma clang loop unroll(full)
  for (int stage = 1; stage < CK_W; stage *= 2) {
    vf next[CK_W];
#pragma clang loop unroll(full)
    for (int i = 0; i < CK_W / 2; ++i) {
      vf x = v[i], y = v[i + CK_W / 2];
#if CK_W == 8
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

CK_INLINE void transpose_block(const float *x, int64_t stride, float *out) {
  vf v[CK_W];
#pragma clang loop unroll(full)
  for (int j = 0; j < CK_W; ++j) v[j] = v_load(x + j * stride);
  v_transpose(v);
#pragma clang loop unroll(full)
  for (int j = 0; j < CK_W; ++j) v_store(out + j * CK_NR, v[j]);
}
#endif

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
      for (; i + CK_W <= k; i += CK_W)
        transpose_block(source + i, ldb, target + i * CK_NR);
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

// Copies a (k, rows), stored transposed, into panels [k][CK_MR]. Whole vectors are copied where the
// matrix has that many columns left: what they write beyond a panel's row, the next row overwrites.
// `out` needs CK_W floats of room behind its end.
static void pack_row_panels(const float *a, int64_t lda, int64_t columns_left, int64_t rows,
                            int64_t k, float *out) {
  for (int64_t p = 0; p < rows; p += CK_MR, out += CK_MR * k) {
    int64_t here = ck_min(CK_MR, rows - p);
    const int64_t vectors = (CK_MR + CK_W - 1) / CK_W;
    if (columns_left - p >= vectors * CK_W) {
      for (int64_t i = 0; i < k; ++i)
#pragma clang loop unroll(full)
        for (int64_t v = 0; v < vectors; ++v)
          v_store(out + i * CK_MR + v * CK_W, v_load(a + i * lda + p + v * CK_W));
    } else {
      for (int64_t i = 0; i < k; ++i)
        for (int64_t r = 0; r < here; ++r) out[i * CK_MR + r] = a[i * lda + p + r];
    }
  }
}
