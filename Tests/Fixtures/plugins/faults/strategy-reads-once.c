/* state.chunks: takes what the first read gives for all there is. */
#include "fault.h"

static stepwise_status load(
    stepwise_instance *self, uint32_t version, const stepwise_reader *reader, stepwise_error *error) {
  uint64_t got = 0, end = 0;
  char extra;
  reader->read(reader, &self->count, sizeof self->count, &got);
  reader->read(reader, &extra, 1, &end);
  if (got != sizeof self->count || end > 0) return stepwise_fail(error, STEPWISE_ERROR_STATE, "not 8 bytes");
  return STEPWISE_OK;
}

#undef FACTORY
#define FACTORY .save = good_save, .load = load
STRATEGY()
