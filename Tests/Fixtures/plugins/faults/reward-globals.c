/* threads.instances: keeps its sum in a global, which all instances share. */
#include "fault.h"

static volatile uint64_t number;

static double sum(const stepwise_reward_item *item) {
  uint64_t i;
  number = 0;
  for (i = 0; i < 2000; i++) number += item->completion.size;
  return (double)(number / 2000 % 11) / 10;
}

SCORES(, sum(item))
REWARD()
