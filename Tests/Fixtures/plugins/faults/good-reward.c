/* none: breaks no rule. */
#define FACTORY .concurrency = STEPWISE_CONCURRENCY_THREAD_SAFE, .save = good_save, .load = good_load
#include "fault.h"

SCORES(, good_value(item))
REWARD()
