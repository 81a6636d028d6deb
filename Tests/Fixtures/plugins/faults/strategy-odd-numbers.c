/* strategy.odd-numbers: hands a gradient norm on as a weight, whatever it is. */
#include "fault.h"

static stepwise_status end(stepwise_instance *self, const stepwise_step_report *report, stepwise_error *error) {
  memcpy(&self->number, &report->grad_norm, sizeof self->number);
  return good_end_step(self, report, error);
}

static stepwise_status begin(
    stepwise_instance *self, const stepwise_step_context *context, stepwise_step_plan *plan, stepwise_error *error) {
  plan->kind = STEPWISE_STEP_SFT;
  memcpy(&plan->sft_weight, &self->number, sizeof self->number);
  return STEPWISE_OK;
}

STRATEGY(.begin_step = begin, .end_step = end)
