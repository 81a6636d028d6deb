/* manifest.id: has the id of the plugin that it was copied from. */
#define PLUGIN_ID "org.stepwise.fixture.original"
#include "fault.h"

SCORES(, good_value(item))
REWARD()
