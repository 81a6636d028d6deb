/* life.destroy: keeps what init allocated. */
#include "fault.h"

static stepwise_status start(stepwise_instance *self, stepwise_error *error) {
  (void)error;
  self->number = (uint64_t)(uintptr_t)memset(malloc(4096), 1, 4096);
  return STEPWISE_OK;
}

#undef FACTORY
#define FACTORY .init = start
SCORES(, good_value(item))
REWARD()
