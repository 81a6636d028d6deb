/* odd.text: takes it for granted that a completion has a first character. */
#include "fault.h"

SCORES(, item->completion.data[0] == 'x')
REWARD()
