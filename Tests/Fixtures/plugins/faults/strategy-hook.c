/* strategy.plans: gives an advantage too few. */
#include "fault.h"

static stepwise_status advantages(
    stepwise_instance *self, const stepwise_advantage_request *request, stepwise_real_buffer *advantages,
    stepwise_error *error) {
  memset(advantages->values, 0, advantages->capacity * sizeof(double));
  advantages->count = request->count - 1;
  return STEPWISE_OK;
}

STRATEGY(.advantages = advantages)
