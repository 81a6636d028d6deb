/* environment.process: closes standard input. */
#include "fault.h"

SCORES(close(0), good_value(item))
REWARD()
