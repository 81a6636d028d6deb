/* state.round-trip: saves an address beside its count. */
#include "fault.h"

static stepwise_status save(stepwise_instance *self, const stepwise_writer *writer, stepwise_error *error) {
  void *address = self;
  writer->write(writer, &address, sizeof address);
  return good_save(self, writer, error);
}

static stepwise_status load(
    stepwise_instance *self, uint32_t version, const stepwise_reader *reader, stepwise_error *error) {
  uint64_t numbers[2];
  if (read_all(reader, numbers, sizeof numbers) != sizeof numbers) {
    return stepwise_fail(error, STEPWISE_ERROR_STATE, "the state is not 16 bytes");
  }
  self->count = numbers[1];
  return STEPWISE_OK;
}

#undef FACTORY
#define FACTORY .save = save, .load = load
STRATEGY()
