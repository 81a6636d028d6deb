/* odd.empty: looks at the first item of a batch without items. */
#include "fault.h"

SCORES(self->number = batch->items[0].completion.size, good_value(item))
REWARD()
