/* score.order: answers from the last item to the first. */
#include "fault.h"

SCORES(, good_value(item))

static stepwise_status turned(SCORE_PARAMETERS) {
  uint64_t i, n = batch->count;
  stepwise_status status = score(self, batch, results, error);
  for (i = 0; i < n / 2; i++) {
    stepwise_score other = results->scores[i];
    results->scores[i] = results->scores[n - 1 - i];
    results->scores[n - 1 - i] = other;
  }
  return status;
}

REWARD(.score = turned)
