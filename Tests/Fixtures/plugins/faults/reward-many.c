/* odd.huge-batch: has room for a thousand items. */
#include "fault.h"

SCORES(if (n > 1000) abort(), good_value(item))
REWARD()
