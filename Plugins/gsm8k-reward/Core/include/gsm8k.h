/* The final answers of GSM8K solutions: found in a text, compared with the right one.
 *
 * Texts are bytes with a length. They may hold NUL and need not be valid UTF-8; only ASCII bytes ever
 * count, and no multi-byte character contains one. Nothing here allocates, keeps state or looks at
 * the locale, so every function may be called from any thread. */
#ifndef STEPWISE_GSM8K_H
#define STEPWISE_GSM8K_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where in a text the answer is looked for. */
typedef enum gsm8k_mode {
    /* After the first "#### ", as GSM8K's own evaluation does. Without it there is no answer. */
    GSM8K_STRICT = 0,
    /* The last number of the text, whatever stands before it. */
    GSM8K_FLEXIBLE = 1
} gsm8k_mode;

/* A part of a text: its first byte and its length in bytes. It lives as long as the text. */
typedef struct gsm8k_span {
    const char *start;
    size_t length;
} gsm8k_span;

/* Finds the answer in the `n` bytes at `text`; false when there is none.
 *
 * An answer is an optional minus sign and a run of digits, dots and commas. In strict mode it must
 * follow "#### " at once; in flexible mode the last one counts that is not just a dot (when all are,
 * the first). The span is as written, with its commas. */
bool gsm8k_find_answer(const char *text, size_t n, gsm8k_mode mode, gsm8k_span *answer);

/* Finds the right answer in the `m` bytes at `gold`: what follows "#### " in a GSM8K solution, or else
 * the whole text without white space at its ends, provided that it holds a digit. */
bool gsm8k_find_gold(const char *gold, size_t m, gsm8k_span *answer);

/* 1 when the answer in `completion` is the one in `gold`, else 0; NaN when `gold` holds no answer.
 *
 * Commas are ignored on both sides. Strict mode compares what is left byte by byte, as GSM8K's own
 * evaluation does: 18.0 is not 18. Flexible mode compares values: 18, 18., 18.00 and 018 are equal. */
double gsm8k_score(const char *completion, size_t n, const char *gold, size_t m, gsm8k_mode mode);

/* Writes the normal form of an answer that gsm8k_find_answer found and returns its size; 0, where it has no digit,
 * is no answer. `normal` has room for `answer.length` + 1 bytes.
 *
 * Two answers have the same normal form exactly when gsm8k_score takes them for the same. In strict mode it is the
 * answer without its commas. In flexible mode zeros that mean nothing, a dot at the end and the sign of zero go too:
 * `-0,012.50` becomes `-12.5` and `.5` becomes `0.5`. What is no number, such as `1.8.0`, loses its commas only. */
size_t gsm8k_normalise(gsm8k_span answer, gsm8k_mode mode, char *normal);

#ifdef __cplusplus
}
#endif

#endif
