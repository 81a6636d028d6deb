#include <string.h>

#include "include/ck_kernels.h"

static float from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint32_t to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

void ck_bf16_to_f32(const uint16_t *x, float *y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = from_bits((uint32_t)x[i] << 16);
}

void ck_f32_to_bf16(const float *x, uint16_t *y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    uint32_t bits = to_bits(x[i]);
    // A NaN whose upper payload is zero must not round to infinity: set a quiet bit.
    uint32_t nan = (bits & 0x7fffffffu) > 0x7f800000u;
    uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    y[i] = (uint16_t)(nan ? (bits >> 16) | 0x40u : rounded);
  }
}

void ck_f16_to_f32(const uint16_t *x, float *y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    uint32_t h = x[i], sign = (h & 0x8000u) << 16, exponent = (h >> 10) & 31u, mantissa = h & 1023u;
    if (exponent == 31) {
      y[i] = from_bits(sign | 0x7f800000u | (mantissa << 13));
    } else if (exponent) {
      y[i] = from_bits(sign | ((exponent + 112) << 23) | (mantissa << 13));
    } else {
      float magnitude = (float)mantissa * 0x1p-24f;  // zero and subnormals, exact
      y[i] = from_bits(sign | to_bits(magnitude));
    }
  }
}

void ck_f32_to_f16(const float *x, uint16_t *y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    uint32_t bits = to_bits(x[i]), sign = (bits >> 16) & 0x8000u, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) {
      y[i] = (uint16_t)(sign | 0x7e00u | ((magnitude >> 13) & 0x1ffu));
    } else if (magnitude >= 0x477ff000u) {  // 65520 and more round to infinity
      y[i] = (uint16_t)(sign | 0x7c00u);
    } else if (magnitude < 0x38800000u) {  // below 2^-14: subnormal; adding 0.5 rounds to 2^-24
      uint32_t rounded = to_bits(from_bits(magnitude) + 0.5f) - to_bits(0.5f);
      y[i] = (uint16_t)(sign | rounded);
    } else {
      uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
      y[i] = (uint16_t)(sign | ((rounded - 0x38000000u) >> 13));
    }
  }
}
