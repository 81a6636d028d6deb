/* life.instances: frees what all instances share when the first one ends. */
#include "fault.h"

static double *weights;

static stepwise_status start(stepwise_instance *self, stepwise_error *error) {
  (void)self;
  (void)error;
  if (weights == NULL) weights = calloc(1, sizeof *weights);
  return STEPWISE_OK;
}

static void end(stepwise_instance *self) {
  free(weights);
  weights = NULL;
  free(self);
}

#undef FACTORY
#define FACTORY .init = start, .destroy = end
SCORES(, good_value(item) + *weights)
REWARD()
