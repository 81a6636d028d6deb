/* determinism.instances: depends on how many instances there were before. */
#include "fault.h"

static uint64_t instances;

static stepwise_status start(stepwise_instance *self, stepwise_error *error) {
  (void)error;
  self->number = instances++;
  return STEPWISE_OK;
}

#undef FACTORY
#define FACTORY .init = start
SCORES(, (double)((item->completion.size + self->number) % 11) / 10)
REWARD()
