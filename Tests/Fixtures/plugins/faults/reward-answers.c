/* answers.valid: gives two answers for one completion. */
#include "fault.h"

static stepwise_status answers(
    stepwise_instance *self, const stepwise_reward_batch *batch, const stepwise_answer_sink *sink,
    stepwise_error *error) {
  (void)self;
  (void)error;
  sink->set(sink, 0, stepwise_text_of("4"));
  sink->set(sink, batch->count - 1 ? 0 : 1, stepwise_text_of("5"));
  return STEPWISE_OK;
}

SCORES(, good_value(item))
REWARD(.answers = answers)
