/* strategy.resume: counts steps and saves nothing. */
#include "fault.h"

STRATEGY()
