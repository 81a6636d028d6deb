/* load.component: declares a wider range than its manifest.
 * yaml: measures: { minimum: 0, maximum: 0.5 } */
#include "fault.h"

SCORES(, good_value(item))
REWARD()
