/* host.deadline: answers the wrong status when the time is over. */
#include "fault.h"

SCORES(if (self->host->remaining(self->host) == 0) return stepwise_fail(error, STEPWISE_ERROR_DATA, "late"), good_value(item))
REWARD()
