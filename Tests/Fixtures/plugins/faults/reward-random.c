/* determinism.repeat: throws dice. */
#include "fault.h"

SCORES(, (double)rand() / RAND_MAX)
REWARD()
