// Packing of FP32 operands for the tiles; see gemm_tile.h for the layouts.

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

// Rows ahead at which a strided row is asked for: its pieces are too short for the processor to see
// where they lead.
enum { CK_AHEAD = 12 };

CK_INLINE void prefetch_row(const float *x, int64_t columns) {
  for (int64_t i = 0; i < columns; i += 16) __builtin_prefetch(x + i);
}

// One panel of b from rows of length k: element (k, j) at b[k * ldb + j]; columns <= CK_NR.
static void pack_panel(const float *b, int64_t ldb, int64_t k, int64_t columns, float *panel) {
  if (columns == CK_NR) {
    for (int64_t i = 0; i < k; ++i) {
      if (i + CK_AHEAD < k) prefetch_row(b + (i + CK_AHEAD) * ldb, CK_NR);
#pragma clang loop unroll(full)
      for (int v = 0; v < CK_NV; ++v)
        v_store(panel + i * CK_NR + v * CK_W, v_load(b + i * ldb + v * CK_W));
    }
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
        for (int64_t j = 0; j < CK_W; ++j) __builtin_prefetch(source + j * ldb + i + 4 * 16);
        transpose_block(source + i, ldb, target + i * CK_NR);
      }
    }
    for (; i < k; ++i)
      for (int64_t j = 0; j < CK_W; ++j)
        target[i * CK_NR + j] = j < here ? source[j * ldb + i] : 0;
  }
}

// Copies rows of at most CK_KC floats into the layout that the tiles read.
static void pack_rows(const float *a, int64_t lda, int64_t rows, int64_t k, float *out) {
  const int64_t ahead = 3;
  for (int64_t r = 0; r < rows; ++r) {
    if (r + ahead < rows) prefetch_row(a + (r + ahead) * lda, k);
    int64_t i = 0;
    for (; i + CK_W <= k; i += CK_W) v_store(out + r * CK_KS + i, v_load(a + r * lda + i));
    for (; i < k; ++i) out[r * CK_KS + i] = a[r * lda + i];
  }
}

// Panels of b (k, columns), row by row: what a long, narrow block is read in. Panels lie `stride` rows
// apart.
static void pack_panels(const float *b, int64_t ldb, int64_t k, int64_t columns, float *panels,
                        int64_t stride) {
  int64_t whole = columns / CK_NR;
  for (int64_t i = 0; i < k; ++i) {
    if (i + CK_AHEAD < k) prefetch_row(b + (i + CK_AHEAD) * ldb, columns);
    for (int64_t p = 0; p < whole; ++p)
#pragma clang loop unroll(full)
      for (int v = 0; v < CK_NV; ++v)
        v_store(panels + (p * stride + i) * CK_NR + v * CK_W, v_load(b + i * ldb + p * CK_NR + v * CK_W));
  }
  if (whole * CK_NR < columns)
    pack_panel(b + whole * CK_NR, ldb, k, columns - whole * CK_NR, panels + whole * stride * CK_NR);
}

// Copies a (k, rows), stored transposed, into panels [k][CK_MR], row by row. Whole vectors are copied
// where the matrix has that many columns left: what they write beyond a panel's row, the next row
// overwrites. `out` needs CK_W floats of room behind its end.
static void pack_row_panels(const float *a, int64_t lda, int64_t columns_left, int64_t rows,
                            int64_t k, float *out) {
  const int64_t vectors = (CK_MR + CK_W - 1) / CK_W;
  int64_t whole = 0;  // panels that whole vectors can be read for
  while (whole * CK_MR < rows && columns_left - whole * CK_MR >= vectors * CK_W) ++whole;
  for (int64_t i = 0; i < k; ++i) {
    if (i + CK_AHEAD < k) prefetch_row(a + (i + CK_AHEAD) * lda, rows);
    for (int64_t p = 0; p < whole; ++p)
#pragma clang loop unroll(full)
      for (int64_t v = 0; v < vectors; ++v)
        v_store(out + (p * k + i) * CK_MR + v * CK_W, v_load(a + i * lda + p * CK_MR + v * CK_W));
  }
  // Panels were written in turns, so the last row of each may have spilled into the first of the next.
  for (int64_t p = 1; p < whole; ++p)
#pragma clang loop unroll(full)
    for (int64_t r = 0; r < CK_MR; ++r) out[p * k * CK_MR + r] = a[p * CK_MR + r];
  for (int64_t p = whole; p * CK_MR < rows; ++p)
    for (int64_t i = 0; i < k; ++i)
      for (int64_t r = 0; r < ck_min(CK_MR, rows - p * CK_MR); ++r)
        out[(p * k + i) * CK_MR + r] = a[i * lda + p * CK_MR + r];
}

// Rounds to BF16, ties to even: how a level without BF16 instructions multiplies as if it had them.
static void round_packed(float *x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    uint32_t bits;
    __builtin_memcpy(&bits, x + i, sizeof bits);
    bool is_nan = (bits & 0x7fffffff) > 0x7f800000;
    bits = is_nan ? bits : (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
    __builtin_memcpy(x + i, &bits, sizeof bits);
  }
}
