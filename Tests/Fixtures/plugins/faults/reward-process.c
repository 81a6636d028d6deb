/* determinism.processes: depends on the process, as hash seeds and addresses do. */
#include "fault.h"

SCORES(, (double)((uint64_t)getpid() * 2654435761u % 1000) / 1000)
REWARD()
