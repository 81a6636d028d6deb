/* The reward __ID__: the share of a completion's words that it has not said before. */
#include <stepwise/easy.h>

#define BLANKS " \t\n\v\f\r"

static int is_blank(char byte) { return memchr(BLANKS, byte, sizeof BLANKS - 1) != NULL; }

/* Cuts the next word off `rest`; an empty one at its end. Text is bytes and a length: it may hold NUL. */
static stepwise_text next_word(stepwise_text *rest) {
  stepwise_text word;
  while (rest->size > 0 && is_blank(*rest->data)) rest->data++, rest->size--;
  word.data = rest->data;
  while (rest->size > 0 && !is_blank(*rest->data)) rest->data++, rest->size--;
  word.size = (uint64_t)(rest->data - word.data);
  return word;
}

static int compare(const void *left, const void *right) {
  const stepwise_text *a = left, *b = right;
  int order = memcmp(a->data, b->data, a->size < b->size ? a->size : b->size);
  return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

/* The score of one completion. It may depend on the item and the parameters, and on nothing else. */
static double score(const stepwise_easy *easy, const stepwise_reward_item *item, int32_t *status) {
  int64_t minimum = stepwise_json_int(easy->parameters, "minimum_words", 1);
  /* A word and the blank behind it take two bytes at least. */
  stepwise_text *words = malloc((item->completion.size / 2 + 1) * sizeof *words);
  stepwise_text rest = item->completion, word;
  size_t i, count = 0, fresh = 0;
  if (words == NULL) {
    *status = STEPWISE_SCORE_ERROR;
    return 0;
  }
  while ((word = next_word(&rest)).size > 0) words[count++] = word;
  qsort(words, count, sizeof *words, compare);
  for (i = 0; i < count; i++) fresh += i == 0 || compare(&words[i - 1], &words[i]) != 0;
  free(words);
  if (count == 0 || (int64_t)count < minimum) {
    /* Neither for nor against. */
    *status = STEPWISE_SCORE_ABSTAIN;
    return 0;
  }
  return (double)fresh / (double)count;
}

/* id, version, function, lowest and highest score, and the score from which an item is solved (NAN: it does not say). */
STEPWISE_EASY_REWARD("__ID__", "0.1.0", score, 0.0, 1.0, NAN)
