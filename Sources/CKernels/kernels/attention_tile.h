// The inner products of attention: blocks of a few rows of queries against panels of CK_NR columns.
//
// They differ from `micro_tile` in how a tile begins: with c times a factor for each row (a running
// softmax rescales its sums), so that the chain of multiply-adds over k goes on where an earlier call
// stopped. A sum may thus be cut anywhere in k, and has the same bits as uncut.

// One instruction where v_max takes three; a NaN in a is passed over.
CK_INLINE vf v_larger(vf a, vf b) { return a > b ? a : b; }

// The largest lane, in the tree of v_sum.
CK_INLINE float v_largest(vf v) {
#if CK_W == 16
  float __attribute__((ext_vector_type(8))) v8 = v.lo > v.hi ? v.lo : v.hi;
#elif CK_W == 8
  vf v8 = v;
#endif
#if CK_W >= 8
  float __attribute__((ext_vector_type(4))) v4 = v8.lo > v8.hi ? v8.lo : v8.hi;
#else
  vf v4 = v;
#endif
  float __attribute__((ext_vector_type(2))) v2 = v4.lo > v4.hi ? v4.lo : v4.hi;
  return v2.x > v2.y ? v2.x : v2.y;
}

// Rows of queries that are worked on together.
enum { CK_QB = 2 * CK_MR };

// c = a * b, or c * start + a * b when start is not NULL. a (rows, k) has element (r, i) at
// r * row_stride + i * k_stride; b is [k][CK_NR].
CK_INLINE void attention_tile(const float *a, int64_t row_stride, int64_t k_stride, const float *b,
                              int64_t k, float *c, int64_t ldc, const float *start,
                              const int rows, const int vectors) {
  vf acc[CK_MR][CK_NV];
  if (start) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) acc[r][v] = v_load(c + r * ldc + v * CK_W) * start[r];
  } else {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; ++v) acc[r][v] = v_set(0);
  }
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
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; ++v) v_store(c + r * ldc + v * CK_W, acc[r][v]);
}

typedef void (*attention_fn)(const float *, const float *, int64_t, float *, int64_t,
                             const float *);

#define CK_ATTENTION(NAME, ROWS, VECTORS, RS, KSTR)                                             \
  static void NAME(const float *a, const float *b, int64_t k, float *c, int64_t ldc,            \
                   const float *start) {                                                        \
    attention_tile(a, RS, KSTR, b, k, c, ldc, start, ROWS, VECTORS);                            \
  }
#define CK_ATTENTIONS(ROWS)                                          \
  CK_ATTENTION(attention_rows_##ROWS##_1, ROWS, 1, CK_KS, 1)         \
  CK_ATTENTION(attention_rows_##ROWS##_2, ROWS, 2, CK_KS, 1)         \
  CK_ATTENTION(attention_columns_##ROWS##_1, ROWS, 1, 1, CK_KS)      \
  CK_ATTENTION(attention_columns_##ROWS##_2, ROWS, 2, 1, CK_KS)
#define CK_ATTENTION_ENTRY(ROWS)                                     \
  {{attention_rows_##ROWS##_1, attention_rows_##ROWS##_2},           \
   {attention_columns_##ROWS##_1, attention_columns_##ROWS##_2}}

CK_ATTENTIONS(1)
CK_ATTENTIONS(2)
CK_ATTENTIONS(4)
CK_ATTENTIONS(6)
#if CK_W == 16
CK_ATTENTIONS(8)
CK_ATTENTIONS(10)
CK_ATTENTIONS(12)
CK_ATTENTIONS(14)
#endif

typedef struct {
  int rows;
  attention_fn fn[2][2];  // [whether a is transposed][vectors - 1]
} attention_entry;

// Largest first: a block of rows is cut greedily.
static const attention_entry attention_table[] = {
#if CK_W == 16
    {14, CK_ATTENTION_ENTRY(14)}, {12, CK_ATTENTION_ENTRY(12)},
    {10, CK_ATTENTION_ENTRY(10)}, {8, CK_ATTENTION_ENTRY(8)},
#endif
    {6, CK_ATTENTION_ENTRY(6)},   {4, CK_ATTENTION_ENTRY(4)},
    {2, CK_ATTENTION_ENTRY(2)},   {1, CK_ATTENTION_ENTRY(1)},
};

CK_INLINE const attention_entry *tile_of(int64_t rows) {
  const attention_entry *entry = attention_table;
  while (entry->rows > rows) ++entry;
  return entry;
}

// One tile of n columns (at most CK_NR); what lies behind them in c is left alone.
CK_INLINE void attention_tile_columns(const attention_entry *entry, bool transposed, const float *a,
                                      const float *b, int64_t k, float *c, int64_t ldc, int64_t n,
                                      const float *start) {
  int vectors = n > CK_W ? 2 : 1;
  attention_fn fn = entry->fn[transposed][vectors - 1];
  if (n == vectors * CK_W) {
    fn(a, b, k, c, ldc, start);
    return;
  }
  float tile[CK_MR * CK_NR];
  for (int r = 0; start && r < entry->rows; ++r)
    for (int64_t j = 0; j < CK_NR; ++j) tile[r * CK_NR + j] = j < n ? c[r * ldc + j] : 0;
  fn(a, b, k, tile, CK_NR, start);
  for (int r = 0; r < entry->rows; ++r)
    for (int64_t j = 0; j < n; ++j) c[r * ldc + j] = tile[r * CK_NR + j];
}

// Sums that go on unscaled.
static const float attention_ones[28] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                         1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
_Static_assert(CK_QB <= 28, "a factor for each row of a block");

// What a block of queries may see of a chunk of keys: row r sees the first `diagonal` + r + 1 of
// them, and never more than `keys`.
typedef struct {
  int64_t rows, keys, diagonal;
} attention_view;

// How many keys row r sees; 0 or less: none.
CK_INLINE int64_t view_limit(const attention_view *view, int64_t r) {
  return ck_min(view->keys, view->diagonal + r + 1);
}

// scores = block * panels, where a tile sees anything; whole vectors are written, past a row's limit
// with any contents.
static void attention_scores(const attention_view *view, const float *block, const float *panels,
                             int64_t dim, float *scores) {
  int64_t seen = view_limit(view, view->rows - 1);
  for (int64_t j = 0; j < seen; j += CK_NR) {
    for (int64_t i = 0; i < view->rows;) {
      const attention_entry *entry = tile_of(view->rows - i);
      int64_t columns = view_limit(view, i + entry->rows - 1) - j;
      if (columns > 0)
        entry->fn[0][columns > CK_W](block + i * CK_KS, panels + j * dim, dim,
                                     scores + i * CK_KS + j, CK_KS, NULL);
      i += entry->rows;
    }
  }
}

// out (rows, dim) = or += scores * matrix, the matrix (keys, dim) in panels `stride` apart. Keys
// from ..< to of the chunk take part; `start` holds a factor for each row, or is NULL.
static void attention_weighted(const attention_view *view, const float *scores, int64_t from,
                               int64_t to, const float *panels, int64_t stride, int64_t dim,
                               float *out, int64_t ldo, const float *start) {
  for (int64_t i = 0; i < view->rows;) {
    const attention_entry *entry = tile_of(view->rows - i);
    int64_t limit = ck_min(to, view_limit(view, i + entry->rows - 1));
    for (int64_t d = 0; limit > from && d < dim; d += CK_NR)
      attention_tile_columns(entry, false, scores + i * CK_KS + from,
                             panels + d / CK_NR * stride + from * CK_NR, limit - from,
                             out + i * ldo + d, ldo, ck_min(CK_NR, dim - d),
                             start ? start + i : NULL);
    i += entry->rows;
  }
}

// 2^x with a relative error below 2 ulp, for x <= 0; 0 below -126, NaN stays NaN. x = n + r with
// |r| <= 1/2, a polynomial in r (error 2e-9) times 2^n through the exponent's bits.
CK_INLINE vf v_exp2(vf x) {
  vf shifted = x + 12582912.0f;  // 1.5 * 2^23: n stands in the lowest bits
  vf r = x - (shifted - 12582912.0f);
  vf p = v_set(1.53533619e-4f);
  p = p * r + 1.33988744e-3f;
  p = p * r + 9.61843736e-3f;
  p = p * r + 5.55033247e-2f;
  p = p * r + 2.40226479e-1f;
  p = p * r + 6.93147203e-1f;
  p = p * r + 1.0f;
  vi bits = __builtin_bit_cast(vi, p) + (__builtin_bit_cast(vi, shifted) << 23);
  vi tiny = x < -126.0f;
  return __builtin_bit_cast(vf, bits & ~tiny);
}
