/* dataset.count: has a row less than it says. */
#include "fault.h"

static stepwise_status rows(
    stepwise_instance *self, uint64_t first, uint64_t count, const stepwise_row_sink *sink, stepwise_error *error) {
  return good_read(self, first, first + count == ROWS ? count - 1 : count, sink, error);
}

DATASET(.read = rows)
