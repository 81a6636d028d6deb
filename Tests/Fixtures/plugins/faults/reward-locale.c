/* environment.process: sets a locale, after which numbers may be written another way. */
#include <locale.h>

#include "fault.h"

SCORES(setlocale(LC_ALL, "C.UTF-8"), good_value(item))
REWARD()
