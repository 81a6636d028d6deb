/* leaks.calls: forgets 64 bytes in each call. */
#include "fault.h"

SCORES(memset(malloc(64), 1, 64), good_value(item))
REWARD()
