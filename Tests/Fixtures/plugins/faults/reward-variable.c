/* environment.process: sets a variable that others read. */
#include "fault.h"

SCORES(setenv("OMP_NUM_THREADS", "1", 1), good_value(item))
REWARD()
