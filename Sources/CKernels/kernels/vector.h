// Vectors of CK_W floats and the few functions on them that every kernel uses.

typedef float vf __attribute__((ext_vector_type(CK_W)));
typedef int32_t vi __attribute__((ext_vector_type(CK_W)));
typedef double vd __attribute__((ext_vector_type(CK_W)));

#define CK_INLINE static inline __attribute__((always_inline))

CK_INLINE vf v_set(float value) { return (vf)value; }

CK_INLINE vf v_load(const float *p) {
  vf v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

CK_INLINE void v_store(float *p, vf v) { __builtin_memcpy(p, &v, sizeof v); }

// The first n (0 < n < CK_W) lanes; the others are `other`.
CK_INLINE vf v_load_n(const float *p, int64_t n, float other) {
  float lanes[CK_W];
  for (int i = 0; i < CK_W; ++i) lanes[i] = i < n ? p[i] : other;
  return v_load(lanes);
}

CK_INLINE void v_store_n(float *p, vf v, int64_t n) {
  float lanes[CK_W];
  v_store(lanes, v);
  for (int i = 0; i < n; ++i) p[i] = lanes[i];
}

CK_INLINE vf v_max(vf a, vf b) { return __builtin_elementwise_max(a, b); }
CK_INLINE vf v_min(vf a, vf b) { return __builtin_elementwise_min(a, b); }

// v with lanes n and above replaced; n may be any number.
CK_INLINE vf v_keep(vf v, int64_t n, float other) {
  vi index;
  for (int i = 0; i < CK_W; ++i) index[i] = i;
  vi keep = index < (vi)(int32_t)(n < CK_W ? (n > 0 ? n : 0) : CK_W);
  return __builtin_bit_cast(vf, (__builtin_bit_cast(vi, v) & keep) |
                                    (__builtin_bit_cast(vi, v_set(other)) & ~keep));
}

// Lane sums as a fixed tree: the upper half is added to the lower until one lane is left.
CK_INLINE float v_sum(vf v) {
#if CK_W == 16
  float __attribute__((ext_vector_type(8))) v8 = v.lo + v.hi;
#elif CK_W == 8
  vf v8 = v;
#endif
#if CK_W >= 8
  float __attribute__((ext_vector_type(4))) v4 = v8.lo + v8.hi;
#else
  vf v4 = v;
#endif
  float __attribute__((ext_vector_type(2))) v2 = v4.lo + v4.hi;
  return v2.x + v2.y;
}

CK_INLINE float v_maximum(vf v) { return __builtin_reduce_max(v); }

// By address: a vector of doubles is wider than the level's registers and has no calling convention.
CK_INLINE double vd_sum(const vd *v) {
  double lanes[CK_W];
  __builtin_memcpy(lanes, v, sizeof lanes);
  for (int half = CK_W / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  return lanes[0];
}

// e^x with a relative error below 2 ulp (measured over every float in range by the tests):
// x = n ln2 + r, |r| <= ln2 / 2, a polynomial of degree 6 in r, times 2^n through the exponent's
// bits. Below -87.33 (where 2^n would be subnormal) the result is 0, above 88.37 it is clamped.
CK_INLINE vf v_exp(vf x) {
  const float lowest = -87.33654f, highest = 88.37626f, round = 12582912.0f;  // 1.5 * 2^23
  vf clamped = v_min(v_max(x, v_set(lowest)), v_set(highest));
  vf shifted = clamped * 1.44269504f + round;
  vf n = shifted - round;
  vf r = clamped - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  vf p = v_set(1.3888889e-3f);
  p = p * r + 8.3333377e-3f;
  p = p * r + 4.1666660e-2f;
  p = p * r + 1.6666666e-1f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  vi exponent = __builtin_convertvector(n, vi);
  vf result = __builtin_bit_cast(vf, __builtin_bit_cast(vi, p) + (exponent << 23));
  vi keep = x >= lowest;  // NaN compares false here and is put back below
  result = __builtin_bit_cast(vf, __builtin_bit_cast(vi, result) & keep);
  vi is_nan = x != x;
  return __builtin_bit_cast(
      vf, (__builtin_bit_cast(vi, result) & ~is_nan) | (__builtin_bit_cast(vi, x) & is_nan));
}

CK_INLINE int64_t ck_min(int64_t a, int64_t b) { return a < b ? a : b; }
CK_INLINE int64_t ck_max(int64_t a, int64_t b) { return a > b ? a : b; }
CK_INLINE int64_t ck_ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Elements per task of memory-bound work: 2^15 floats keep two threads busy from 10^5 elements on
// and cost one pool ticket per 128 KiB.
enum { CK_GRAIN = 32768 };

// Rows per task so that a task has about CK_GRAIN elements.
CK_INLINE int64_t ck_rows_per_task(int64_t width) { return ck_max(1, CK_GRAIN / ck_max(1, width)); }
