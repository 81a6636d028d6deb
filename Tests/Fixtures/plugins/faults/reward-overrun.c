/* score.bounds: writes an answer too many. */
#include "fault.h"

SCORES(memset(&results->scores[n], 0, sizeof results->scores[n]), good_value(item))
REWARD()
