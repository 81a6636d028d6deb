/* dataset.epochs: counts epochs in place of listening to their number. */
#include "fault.h"

static stepwise_status begin(stepwise_instance *self, uint64_t epoch, stepwise_error *error) {
  self->number++;
  return STEPWISE_OK;
}

static stepwise_status rows(
    stepwise_instance *self, uint64_t first, uint64_t count, const stepwise_row_sink *sink, stepwise_error *error) {
  stepwise_status status = STEPWISE_OK;
  uint64_t i;
  for (i = first; i < first + count && status == STEPWISE_OK; i++) status = give(sink, i, i + 1000 * self->number);
  return status;
}

DATASET(.read = rows, .begin_epoch = begin)
