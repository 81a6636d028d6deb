/* life.create: opens a file in create. */
#include "fault.h"

static stepwise_status create(
    const stepwise_factory *factory, const stepwise_configuration *configuration, stepwise_instance **instance,
    stepwise_error *error) {
  stepwise_status status = good_create(factory, configuration, instance, error);
  (*instance)->number = (uint64_t)dup(0);
  return status;
}

static void end(stepwise_instance *self) {
  close((int)self->number);
  free(self);
}

#undef FACTORY
#define FACTORY .create = create, .destroy = end
SCORES(, good_value(item))
REWARD()
