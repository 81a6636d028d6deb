/* score.finite: divides by a length that may be zero: the mean distance to its neighbours. */
#include "fault.h"

SCORES(, good_value(item) * (double)(n - 1) / (double)(n - 1))
REWARD()
