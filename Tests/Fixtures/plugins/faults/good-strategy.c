/* none: breaks no rule. */
#define FACTORY .save = good_save, .load = good_load
#include "fault.h"

STRATEGY()
