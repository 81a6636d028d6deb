/* odd.huge-text: compares every byte with every other. */
#include "fault.h"

static double pairs(stepwise_text text) {
  uint64_t i, j;
  volatile uint64_t same = 0;
  for (i = 0; i < text.size; i++) {
    for (j = 0; j < text.size; j++) same += text.data[i] == text.data[j];
  }
  return (double)(same % 11) / 10;
}

SCORES(, pairs(item->completion))
REWARD()
