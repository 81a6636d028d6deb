/* parameters.bounds: refuses a value that its manifest allows, without a reason.
 * yaml: parameters: { limit: { type: integer, default: 5, minimum: 1, maximum: 10, description: A limit. } } */
#include "fault.h"

static stepwise_status create(
    const stepwise_factory *factory, const stepwise_configuration *configuration, stepwise_instance **instance,
    stepwise_error *error) {
  if (memmem(configuration->parameters.data, configuration->parameters.size, ":10}", 4)) return STEPWISE_ERROR;
  return good_create(factory, configuration, instance, error);
}

#undef FACTORY
#define FACTORY .create = create
SCORES(, good_value(item))
REWARD()
