/* environment.process: takes Ctrl-C from the user. */
#include <signal.h>

#include "fault.h"

static stepwise_status start(stepwise_instance *self, stepwise_error *error) {
  (void)self;
  (void)error;
  signal(SIGINT, SIG_IGN);
  return STEPWISE_OK;
}

#undef FACTORY
#define FACTORY .init = start
SCORES(, good_value(item))
REWARD()
