/* score.alone: scores relative to the longest completion of the batch. */
#include "fault.h"

SCORES(
    uint64_t longest = 1; for (i = 0; i < n; i++) {
      uint64_t size = stepwise_reward_item_at(batch, i)->completion.size;
      if (size > longest) longest = size;
    } self->number = longest,
    (double)item->completion.size / (double)self->number)
REWARD()
