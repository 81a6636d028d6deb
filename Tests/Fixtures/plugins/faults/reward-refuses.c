/* score.completes: takes five items at most. */
#include "fault.h"

SCORES(if (n > 5) return stepwise_fail(error, STEPWISE_ERROR, "more than five"), good_value(item))
REWARD()
