// Packing of FP32 operands as pairs of BF16 numbers; see gemm_tile.h for the layouts. Every element is
// rounded by the same instruction, wherever it stands (to nearest, ties to even; subnormals become 0).

// Lanes of a vector that hold elements below `left`.
CK_INLINE __mmask16 lanes_below(int64_t left) {
  return left >= CK_W ? 0xffff : left <= 0 ? 0 : (__mmask16)((1u << left) - 1);
}

// 16 pairs of neighbours along a row of which `left` elements exist.
CK_INLINE __m512i row_pairs(const float *x, int64_t left) {
  __m512 low = _mm512_maskz_loadu_ps(lanes_below(left), x);
  __m512 high = _mm512_maskz_loadu_ps(lanes_below(left - CK_W), x + CK_W);
  return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

// 16 pairs of elements one below the other.
CK_INLINE __m512i column_pairs(__m512 upper, __m512 lower) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                         8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(lower, upper));
}

// Pairs of step `step` of a column block x (k, ...) of which `left` columns exist.
CK_INLINE __m512i step_pairs(const float *x, int64_t ldx, int64_t k, int64_t step, int64_t left) {
  __mmask16 lanes = lanes_below(left);
  const float *row = x + 2 * step * ldx;
  __m512 upper = _mm512_maskz_loadu_ps(lanes, row);
  bool paired = 2 * step + 1 < k;
  return column_pairs(upper, _mm512_maskz_loadu_ps(paired ? lanes : 0, paired ? row + ldx : row));
}

// Transposes 16 vectors of 16 pairs: row j of the result goes to out + j * CK_NR.
CK_INLINE void transpose_pairs(const __m512i in[16], ck_packed *out) {
  __m512i t[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_epi32(in[2 * i], in[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(in[2 * i], in[2 * i + 1]);
  }
  __m512i u[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; ++i) {
    u[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    u[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    u[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    u[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
  // u[4 i + c] holds, in its four parts l, the rows 4 i ..< 4 i + 4 of column 4 l + c.
#pragma clang loop unroll(full)
  for (int c = 0; c < 4; ++c) {
    __m512i a = _mm512_shuffle_i32x4(u[c], u[4 + c], 0x88), b = _mm512_shuffle_i32x4(u[c], u[4 + c], 0xdd);
    __m512i d = _mm512_shuffle_i32x4(u[8 + c], u[12 + c], 0x88), e = _mm512_shuffle_i32x4(u[8 + c], u[12 + c], 0xdd);
    _mm512_storeu_si512(out + c * CK_NR, _mm512_shuffle_i32x4(a, d, 0x88));
    _mm512_storeu_si512(out + (8 + c) * CK_NR, _mm512_shuffle_i32x4(a, d, 0xdd));
    _mm512_storeu_si512(out + (4 + c) * CK_NR, _mm512_shuffle_i32x4(b, e, 0x88));
    _mm512_storeu_si512(out + (12 + c) * CK_NR, _mm512_shuffle_i32x4(b, e, 0xdd));
  }
}

// Steps ahead at which a strided row is asked for: its pieces are too short for the processor to see
// where they lead.
enum { CK_AHEAD = 6 };

CK_INLINE void prefetch_step(const float *x, int64_t ldx, int64_t step, int64_t columns) {
  for (int row = 0; row < 2; ++row)
    for (int64_t i = 0; i < columns; i += 16)
      __builtin_prefetch(x + (2 * step + row) * ldx + i);
}

// One panel of b from rows of length k: element (k, j) at b[k * ldb + j]; columns <= CK_NR.
static void pack_panel(const float *b, int64_t ldb, int64_t k, int64_t columns, ck_packed *panel) {
  for (int64_t s = 0; s < ck_steps(k); ++s) {
    if (s + CK_AHEAD < k / 2) prefetch_step(b, ldb, s + CK_AHEAD, columns);
#pragma clang loop unroll(full)
    for (int v = 0; v < CK_NV; ++v)
      _mm512_storeu_si512(panel + s * CK_NR + v * CK_W,
                          step_pairs(b + v * CK_W, ldb, k, s, columns - v * CK_W));
  }
}

// One panel of b from its transpose: element (k, j) at b[j * ldb + k].
static void pack_panel_transposed(const float *b, int64_t ldb, int64_t k, int64_t columns,
                                  ck_packed *panel) {
  for (int64_t v = 0; v < CK_NV; ++v) {
    int64_t here = ck_min(CK_W, columns - v * CK_W);
    const float *source = b + v * CK_W * ldb;
    for (int64_t i = 0; i < k; i += 2 * CK_W) {
      for (int64_t j = 0; j < here; ++j) {
        __builtin_prefetch(source + j * ldb + i + 8 * CK_W);
        __builtin_prefetch(source + j * ldb + i + 9 * CK_W);
      }
      __m512i rows[16];
#pragma clang loop unroll(full)
      for (int j = 0; j < 16; ++j)
        rows[j] = j < here ? row_pairs(source + j * ldb + i, k - i) : _mm512_setzero_si512();
      ck_packed *target = panel + i / 2 * CK_NR + v * CK_W;
      if (i + 2 * CK_W <= k) {
        transpose_pairs(rows, target);
      } else {
        ck_packed columns_of[16 * CK_NR];
        transpose_pairs(rows, columns_of);
        for (int64_t s = 0; s < ck_steps(k - i); ++s)
          _mm512_storeu_si512(target + s * CK_NR, _mm512_loadu_si512(columns_of + s * CK_NR));
      }
    }
  }
}

enum { CK_ROWS_AHEAD = 3 };

// Rows of at most CK_PER_STEP * CK_KC elements in the layout that the tiles read.
static void pack_rows(const float *a, int64_t lda, int64_t rows, int64_t k, ck_packed *out) {
  for (int64_t r = 0; r < rows; ++r) {
    if (r + CK_ROWS_AHEAD < rows)
      for (int64_t i = 0; i < k; i += 16) __builtin_prefetch(a + (r + CK_ROWS_AHEAD) * lda + i);
    for (int64_t i = 0; i < k; i += 2 * CK_W)
      _mm512_storeu_si512(out + r * CK_KS + i / 2, row_pairs(a + r * lda + i, k - i));
  }
}

// Panels of b (k, columns), step by step: what a long, narrow block is read in. Panels lie `stride` steps
// apart.
static void pack_panels(const float *b, int64_t ldb, int64_t k, int64_t columns, ck_packed *panels,
                        int64_t stride) {
  int64_t whole = columns / CK_NR;
  for (int64_t s = 0; s < k / 2; ++s) {
    if (s + CK_AHEAD < k / 2) prefetch_step(b, ldb, s + CK_AHEAD, columns);
    for (int64_t p = 0; p < whole; ++p)
#pragma clang loop unroll(full)
      for (int v = 0; v < CK_NV; ++v) {
        const float *x = b + 2 * s * ldb + p * CK_NR + v * CK_W;
        _mm512_storeu_si512(panels + (p * stride + s) * CK_NR + v * CK_W,
                            column_pairs(_mm512_loadu_ps(x), _mm512_loadu_ps(x + ldb)));
      }
  }
  if (k % 2)
    for (int64_t p = 0; p < whole; ++p)
      pack_panel(b + (k - 1) * ldb + p * CK_NR, ldb, 1, CK_NR, panels + (p * stride + k / 2) * CK_NR);
  if (whole * CK_NR < columns)
    pack_panel(b + whole * CK_NR, ldb, k, columns - whole * CK_NR, panels + whole * stride * CK_NR);
}

// a (k, rows), stored transposed, in panels [step][CK_MR]. Whole vectors are written: what falls beyond
// a panel's row, the next row overwrites; the spill into the next panel is mended at the end. `out`
// needs CK_W steps of room behind its end.
static void pack_row_panels(const float *a, int64_t lda, int64_t columns_left, int64_t rows,
                            int64_t k, ck_packed *out) {
  int64_t steps = ck_steps(k), panels = ck_ceil_div(rows, CK_MR);
  int64_t whole = 0;  // panels that whole vectors can be read for
  while (whole < panels && columns_left - whole * CK_MR >= CK_W) ++whole;
  for (int64_t s = 0; s < k / 2; ++s) {
    if (s + CK_AHEAD < k / 2) prefetch_step(a, lda, s + CK_AHEAD, rows);
    const float *x = a + 2 * s * lda;
    for (int64_t p = 0; p < whole; ++p, x += CK_MR)
      _mm512_storeu_si512(out + (p * steps + s) * CK_MR,
                          column_pairs(_mm512_loadu_ps(x), _mm512_loadu_ps(x + lda)));
  }
  for (int64_t p = 0; p < panels; ++p)
    for (int64_t s = p < whole ? k / 2 : 0; s < steps; ++s)
      _mm512_storeu_si512(out + (p * steps + s) * CK_MR,
                          step_pairs(a + p * CK_MR, lda, k, s, columns_left - p * CK_MR));
  for (int64_t p = 1; p < panels; ++p)
    _mm512_mask_storeu_epi32(out + p * steps * CK_MR, (1u << CK_MR) - 1,
                             step_pairs(a + p * CK_MR, lda, k, 0, columns_left - p * CK_MR));
}
