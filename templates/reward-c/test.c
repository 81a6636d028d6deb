/* `make test`: the reward without Stepwise. The source is included, so that its static functions can be called. */
#include <stdio.h>

#include "reward.c"

static int failures = 0;

static void expect(const char *parameters, const char *completion, int32_t status, double value) {
  stepwise_easy easy = {0};
  stepwise_reward_item item = {0};
  int32_t found = STEPWISE_SCORE_OK;
  double got;
  easy.parameters = stepwise_text_of(parameters);
  item.completion = stepwise_text_of(completion);
  got = score(&easy, &item, &found);
  if (found == status && (status != STEPWISE_SCORE_OK || got == value)) return;
  fprintf(stderr, "'%s' %s: status %d, score %g, expected %d, %g\n", completion, parameters, found, got, status, value);
  failures++;
}

int main(void) {
  expect("{}", "the cat saw the dog", STEPWISE_SCORE_OK, 0.8);
  expect("{}", "  the\tthe\nthe ", STEPWISE_SCORE_OK, 1.0 / 3);
  expect("{}", "the them", STEPWISE_SCORE_OK, 1);
  expect("{}", "", STEPWISE_SCORE_ABSTAIN, 0);
  expect("{}", " \n", STEPWISE_SCORE_ABSTAIN, 0);
  expect("{\"minimum_words\": 3}", "too short", STEPWISE_SCORE_ABSTAIN, 0);
  puts(failures == 0 ? "all good" : "FAILED");
  return failures != 0;
}
