/* score.permutation: favours the first item of a batch. */
#include "fault.h"

SCORES(, i == 0 ? 1 : good_value(item))
REWARD()
