/* leaks.calls: opens a file in each call and never closes it. */
#include "fault.h"

SCORES(if (dup(0) < 0) return stepwise_fail(error, STEPWISE_ERROR_IO, "no descriptor left"), good_value(item))
REWARD()
