// Products of a few rows with a weight (n,k): decoding. Each weight is read once, transposed in
// registers and multiplied at once, without a packed copy. The sums have the order of `micro_tile`,
// so a row's bits do not depend on which of the two computed it.

#if CK_W == 16 && defined(__x86_64__)
enum { CK_FEW_ROWS = 8 };

// c (rows, CK_NR) = or += a (rows, k) * b (CK_NR, k)^T; row r of a is at a + r * CK_KS.
CK_INLINE void few_rows_tile(const float *a, const float *b, int64_t ldb, int64_t k, float *c,
                             int64_t ldc, bool accumulate, const float *bias, const int rows) {
  vf acc[CK_FEW_ROWS][CK_NV];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < CK_NV; ++v) acc[r][v] = v_set(0);
  int64_t i = 0;
  for (; i + 4 <= k; i += 4) {
    // A line holds 16 floats of a row: each of its four visits asks for a quarter of the rows of the
    // line that comes 4 lines later.
    const float *ahead = b + (i / 4 % 4) * (CK_NR / 4) * ldb + (i & ~(int64_t)15) + 64;
#pragma clang loop unroll(full)
    for (int j = 0; j < CK_NR / 4; ++j) __builtin_prefetch(ahead + j * ldb);
#pragma clang loop unroll(full)
    for (int v = 0; v < CK_NV; ++v) {
      vf columns[4];
      transpose_four(b + v * CK_W * ldb + i, ldb, columns);
#pragma clang loop unroll(full)
      for (int j = 0; j < 4; ++j)
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; ++r) acc[r][v] += columns[j] * a[r * CK_KS + i + j];
    }
  }
  for (; i < k; ++i)
#pragma clang loop unroll(full)
    for (int v = 0; v < CK_NV; ++v) {
      float lanes[CK_W];
      for (int j = 0; j < CK_W; ++j) lanes[j] = b[(v * CK_W + j) * ldb + i];
      vf column = v_load(lanes);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; ++r) acc[r][v] += column * a[r * CK_KS + i];
    }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < CK_NV; ++v) {
      float *p = c + r * ldc + v * CK_W;
      vf old = accumulate ? v_load(p) : v_set(0);
      vf sum = acc[r][v];
      if (accumulate)
        sum = old + sum;
      else if (bias)
        sum = sum + v_load(bias + v * CK_W);
      v_store(p, sum);
    }
}

#define CK_FEW(ROWS)                                                                             \
  static void few_rows_##ROWS(const float *a, const float *b, int64_t ldb, int64_t k, float *c, \
                              int64_t ldc, bool accumulate, const float *bias) {                \
    few_rows_tile(a, b, ldb, k, c, ldc, accumulate, bias, ROWS);                                \
  }
CK_FEW(1)
CK_FEW(2)
CK_FEW(3)
CK_FEW(4)
CK_FEW(5)
CK_FEW(6)
CK_FEW(7)
CK_FEW(8)

typedef void (*few_rows_fn)(const float *, const float *, int64_t, int64_t, float *, int64_t, bool,
                            const float *);
static const few_rows_fn few_rows_table[CK_FEW_ROWS] = {
    few_rows_1, few_rows_2, few_rows_3, few_rows_4, few_rows_5, few_rows_6, few_rows_7, few_rows_8,
};
#endif  // packing into the first-level cache serves the other levels
