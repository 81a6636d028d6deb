/* state.garbage: believes whatever it is given. */
#include "fault.h"

static stepwise_status load(
    stepwise_instance *self, uint32_t version, const stepwise_reader *reader, stepwise_error *error) {
  read_all(reader, &self->count, sizeof self->count);
  return STEPWISE_OK;
}

#undef FACTORY
#define FACTORY .save = good_save, .load = load
STRATEGY()
