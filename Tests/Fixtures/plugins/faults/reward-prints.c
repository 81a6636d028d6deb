/* environment.output: prints. */
#include "fault.h"

SCORES(printf("scoring %d items\n", (int)n), good_value(item))
REWARD()
