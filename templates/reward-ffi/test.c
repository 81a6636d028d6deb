/* `make test`: the function, called as any other. */
#include <stdio.h>

#include "fresh_words.c"

static int failures = 0;

static void expect(const char *text, int64_t minimum_words, double expected) {
  double score = fresh_words(text, strlen(text), minimum_words);
  if (score == expected || (isnan(score) && isnan(expected))) return;
  fprintf(stderr, "'%s': %g, expected %g\n", text, score, expected);
  failures++;
}

int main(void) {
  expect("the cat saw the dog", 1, 0.8);
  expect("  the\tthe\nthe ", 1, 1.0 / 3);
  expect("the them", 1, 1);
  expect("", 1, NAN);
  expect(" \n", 1, NAN);
  expect("too short", 3, NAN);
  puts(failures == 0 ? "all good" : "FAILED");
  return failures != 0;
}
