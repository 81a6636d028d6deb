/* none: breaks no rule. */
#include "fault.h"

DATASET()
