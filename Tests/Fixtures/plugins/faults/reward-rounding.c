/* environment.floating-point: leaves another rounding mode. */
#include <fenv.h>

#include "fault.h"

SCORES(fesetround(FE_UPWARD), good_value(item))
REWARD()
