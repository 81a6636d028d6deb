/* host.cancellation: waits until the user has changed their mind. */
#include "fault.h"

SCORES(while (self->host->cancelled(self->host)) usleep(1000), good_value(item))
REWARD()
