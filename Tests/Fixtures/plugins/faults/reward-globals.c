/* threads.instances: keeps its sum in a global, which all instances share. */
#include "fault.h"

static volatile uint64_t number;

/* Sleeps in its midst, so that another call comes between also where the processors are busy. */
static double sum(const stepwise_reward_item *item) {
  uint64_t i;
  number = 0;
  for (i = 0; i < 2000; i++) {
    number += item->completion.size;
    if (i == 1000) usleep(50);
  }
  return (double)(number / 2000 % 11) / 10;
}

SCORES(, sum(item))
REWARD()
