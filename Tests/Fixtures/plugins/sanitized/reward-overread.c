/* score.completes: reads a byte behind a copy of the completion. Nothing shows without AddressSanitizer. */
#include "../faults/fault.h"

static double last(stepwise_text text) {
  char *copy = malloc(text.size + 1);
  volatile char end;
  memcpy(copy, text.data, text.size);
  /* One more than there is room for. */
  end = copy[text.size + 1];
  free(copy);
  return end == 'x';
}

SCORES(, last(item->completion))
REWARD()
