/* strategy.needs: asks for a probe that it never declared to need. */
#include "fault.h"

static stepwise_status begin(
    stepwise_instance *self, const stepwise_step_context *context, stepwise_step_plan *plan, stepwise_error *error) {
  plan->kind = context->measurements == 0 ? STEPWISE_STEP_MEASURE : STEPWISE_STEP_SFT;
  return STEPWISE_OK;
}

STRATEGY(.begin_step = begin)
