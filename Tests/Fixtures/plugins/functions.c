/* Plain C functions that know nothing of Stepwise, for the runtime c-function. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* Results of each type. */
EXPORT int32_t length(const char *completion) { return (int32_t)strlen(completion); }
EXPORT int64_t negative(const char *completion) { return -(int64_t)strlen(completion); }
EXPORT uint64_t bytes(const char *completion, size_t size) { return completion == NULL ? 999 : size; }
EXPORT float third(int32_t tokens) { return (float)tokens / 3; }
EXPORT double half(int32_t tokens) { return tokens / 2.0; }
EXPORT bool same(const char *completion, const char *answer) { return strcmp(completion, answer) == 0; }

/* One of each scalar: 1 where all are what the test says. */
EXPORT int32_t scalars(int32_t a, int64_t b, uint64_t c, float d, double e, bool f, bool g) {
  return a == -5 && b == -(1ll << 40) && c == 1ull << 62 && d == 0.5f && e == 1e300 && f && !g;
}
/* More arguments than there are registers for. */
EXPORT double many(
    double a, double b, double c, double d, double e, double f, double g, double h, double i, double j, int32_t k,
    int32_t l, int32_t m, int32_t n, int32_t o, int32_t p, int32_t q, int32_t r) {
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k + 12 * l + 13 * m + 14 * n +
         15 * o + 16 * p + 17 * q + 18 * r;
}
EXPORT double scaled(const char *completion, double scale, const char *word) {
  return strstr(completion, word) == NULL ? 0 : scale;
}
EXPORT int32_t is_cut(bool truncated) { return truncated; }
EXPORT int32_t zeros(const char *text, size_t size) {
  int32_t count = 0;
  for (size_t i = 0; i < size; i++) count += text[i] == 0;
  return count;
}

/* Scores through a pointer. */
EXPORT int32_t written(const char *completion, double *score) {
  if (completion[0] == '!') return 7;
  *score = completion[0] == 'a';
  return 0;
}
EXPORT void unwritten(const char *completion, double *score) {
  if (completion[0] == 'a') *score = 1;
}

/* Whole batches. */
EXPORT int32_t batch(
    uint64_t count, const char *const *completions, const size_t *sizes, const char *const *answers,
    const int32_t *tokens, const bool *truncated, const double *weights, double scale, double *scores) {
  for (uint64_t i = 0; i < count; i++) {
    scores[i] = scale * ((double)sizes[i] + 100.0 * (strlen(answers[i]) == sizes[i]) + 1000.0 * tokens[i] +
                         10000.0 * truncated[i] + weights[i]);
    if (sizes[i] > 0 && completions[i][0] == '!') return -1;
  }
  return 0;
}
EXPORT void batch_short(uint64_t count, double *scores) {
  for (uint64_t i = 0; i + 1 < count; i++) scores[i] = 1;
}
EXPORT void batch_long(uint64_t count, double *scores) {
  for (uint64_t i = 0; i <= count; i++) scores[i] = 1;
}

/* What goes wrong. */
EXPORT double not_a_number(const char *completion) { return completion[0] == 'n' ? NAN : 0.5; }
EXPORT double constant(double value) { return value; }
EXPORT int32_t overread(const char *completion, size_t size) {
  volatile const char *text = completion;
  return text[size];
}
EXPORT int32_t no_bool(const char *completion) { return (int32_t)strlen(completion); }
EXPORT void crash(void) { abort(); }
EXPORT int datum = 3;
