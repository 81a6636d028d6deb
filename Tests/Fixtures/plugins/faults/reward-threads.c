/* threads.calls: says that it is thread-safe, and keeps its sum in the instance. */
#define FACTORY .concurrency = STEPWISE_CONCURRENCY_THREAD_SAFE
#include "fault.h"

/* Sleeps in its midst, so that another call comes between also where the processors are busy. */
static double sum(stepwise_instance *self, const stepwise_reward_item *item) {
  uint64_t i;
  self->number = 0;
  for (i = 0; i < 2000; i++) {
    ((volatile stepwise_instance *)self)->number += item->completion.size;
    if (i == 1000) usleep(50);
  }
  return (double)(self->number / 2000 % 11) / 10;
}

SCORES(, sum(self, item))
REWARD()
