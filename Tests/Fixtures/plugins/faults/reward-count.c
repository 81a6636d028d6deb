/* score.count: forgets the last item of a batch. */
#include "fault.h"

SCORES(if (n > 1) n--, good_value(item))
REWARD()
