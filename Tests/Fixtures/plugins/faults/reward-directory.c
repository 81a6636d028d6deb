/* environment.process: changes the working directory. */
#include "fault.h"

SCORES(if (chdir("/") != 0) n = 0, good_value(item))
REWARD()
