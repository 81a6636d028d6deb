/* odd.text: waits for a space and never passes a NUL. */
#include "fault.h"

static double words(stepwise_text text) {
  uint64_t at = 0, words = 0;
  while (at < text.size) {
    if (text.data[at] == ' ') words++;
    /* strcspn stops at NUL, and a NUL is no space: it stays where it is. */
    if (text.data[at] != '\0') at++;
  }
  return (double)(words % 11) / 10;
}

SCORES(, words(item->completion))
REWARD()
