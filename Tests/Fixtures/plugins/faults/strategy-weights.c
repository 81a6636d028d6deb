/* strategy.plans: has a weight that is not a number once there is nothing to divide by. */
#include "fault.h"

static stepwise_status begin(
    stepwise_instance *self, const stepwise_step_context *context, stepwise_step_plan *plan, stepwise_error *error) {
  plan->kind = STEPWISE_STEP_BOTH;
  plan->rl_weight = (double)self->count / (double)self->count;
  return STEPWISE_OK;
}

STRATEGY(.begin_step = begin)
