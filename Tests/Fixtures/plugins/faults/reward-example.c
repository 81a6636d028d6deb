/* example: does not do what its example says.
 * yaml: example: { input: { completion: abc }, expect: { score: 0.4 } } */
#include "fault.h"

SCORES(, good_value(item))
REWARD()
