/* life.reconfigure: has a changeable parameter and nothing that changes it.
 * yaml: parameters: { limit: { type: integer, default: 5, minimum: 1, changeable: true, description: A limit. } } */
#include "fault.h"

SCORES(, good_value(item))
REWARD()
