/* life.create: asks the host in create. */
#include "fault.h"

static stepwise_status create(
    const stepwise_factory *factory, const stepwise_configuration *configuration, stepwise_instance **instance,
    stepwise_error *error) {
  configuration->host->log(configuration->host, STEPWISE_LOG_INFO, stepwise_text_of("here I am"));
  return good_create(factory, configuration, instance, error);
}

#undef FACTORY
#define FACTORY .create = create
SCORES(, good_value(item))
REWARD()
