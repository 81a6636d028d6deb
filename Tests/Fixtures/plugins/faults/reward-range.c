/* score.range: gives a bonus beyond what it declares. */
#include "fault.h"

SCORES(, good_value(item) + (item->completion.size > 20))
REWARD()
