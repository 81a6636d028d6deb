/* A plain C function; plugin.yaml makes it the reward __ID__. Any library that has one will do. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct word {
  const char *data;
  size_t size;
};

static int is_blank(char byte) { return memchr(" \t\n\v\f\r", byte, 6) != NULL; }

static int compare(const void *left, const void *right) {
  const struct word *a = left, *b = right;
  int order = memcmp(a->data, b->data, a->size < b->size ? a->size : b->size);
  return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

/* The share of the text's words that it has not said before; NaN where there are too few to judge. */
double fresh_words(const char *text, size_t size, int64_t minimum_words) {
  /* A word and the blank behind it take two bytes at least. */
  struct word *words = malloc((size / 2 + 1) * sizeof *words);
  size_t at = 0, count = 0, fresh = 0, i;
  if (words == NULL) return NAN;
  while (at < size) {
    size_t start;
    while (at < size && is_blank(text[at])) at++;
    for (start = at; at < size && !is_blank(text[at]);) at++;
    if (at > start) words[count++] = (struct word){text + start, at - start};
  }
  qsort(words, count, sizeof *words, compare);
  for (i = 0; i < count; i++) fresh += i == 0 || compare(&words[i - 1], &words[i]) != 0;
  free(words);
  return count == 0 || (int64_t)count < minimum_words ? NAN : (double)fresh / (double)count;
}
