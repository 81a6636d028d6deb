#include "gsm8k.h"

#include <math.h>
#include <string.h>

/* The functions of <ctype.h> depend on the locale, so they are not used. */
static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_number_byte(char c) {
    return is_digit(c) || c == '.' || c == ',';
}

/* Matches -?[0-9.,]+ at `at` and returns its length, 0 when it does not match. */
static size_t number_length(const char *at, const char *end) {
    const char *p = at;
    if (p < end && *p == '-') p++;
    const char *digits = p;
    while (p < end && is_number_byte(*p)) p++;
    return p == digits ? 0 : (size_t)(p - at);
}

static bool find_after_marker(const char *text, size_t n, gsm8k_span *answer) {
    static const char marker[] = {'#', '#', '#', '#', ' '};
    for (size_t i = 0; i + sizeof marker < n; i++) {
        if (memcmp(text + i, marker, sizeof marker) != 0) continue;
        const char *start = text + i + sizeof marker;
        size_t length = number_length(start, text + n);
        if (length > 0) {
            *answer = (gsm8k_span){start, length};
            return true;
        }
    }
    return false;
}

static bool find_last_number(const char *text, size_t n, gsm8k_span *answer) {
    bool found = false;
    size_t i = 0;
    while (i < n) {
        size_t length = number_length(text + i, text + n);
        if (length == 0) {
            i++;
            continue;
        }
        /* A lone full stop is the answer only where no number follows or precedes it. */
        bool is_full_stop = length == 1 && text[i] == '.';
        if (!is_full_stop || !found) *answer = (gsm8k_span){text + i, length};
        found = true;
        i += length;
    }
    return found;
}

bool gsm8k_find_answer(const char *text, size_t n, gsm8k_mode mode, gsm8k_span *answer) {
    return mode == GSM8K_STRICT ? find_after_marker(text, n, answer)
                                : find_last_number(text, n, answer);
}

bool gsm8k_find_gold(const char *gold, size_t m, gsm8k_span *answer) {
    if (find_after_marker(gold, m, answer)) return true;
    while (m > 0 && is_space(gold[0])) {
        gold++;
        m--;
    }
    while (m > 0 && is_space(gold[m - 1])) m--;
    *answer = (gsm8k_span){gold, m};
    for (size_t i = 0; i < m; i++) {
        if (is_digit(gold[i])) return true;
    }
    return false;
}

/* The next byte of a span that is not a comma; -1 at its end. */
static int next_byte(gsm8k_span *span) {
    while (span->length > 0) {
        char c = *span->start++;
        span->length--;
        if (c != ',') return (unsigned char)c;
    }
    return -1;
}

static bool same_text(gsm8k_span a, gsm8k_span b) {
    int x, y;
    do {
        x = next_byte(&a);
        y = next_byte(&b);
        if (x != y) return false;
    } while (x != -1);
    return true;
}

/* A number as sign, digits before and digits after the point, without the zeros that mean nothing. */
typedef struct decimal {
    bool negative;
    gsm8k_span whole;
    gsm8k_span fraction;
} decimal;

/* Reads -?[0-9,]*(\.[0-9,]*)? with at least one digit; false for anything else. */
static bool read_decimal(gsm8k_span span, decimal *out) {
    const char *p = span.start;
    const char *end = p + span.length;
    size_t digits = 0;
    out->negative = p < end && *p == '-';
    if (out->negative) p++;
    while (p < end && (*p == '0' || *p == ',')) {
        if (*p == '0') digits++;
        p++;
    }
    const char *whole = p;
    while (p < end && (is_digit(*p) || *p == ',')) {
        if (*p != ',') digits++;
        p++;
    }
    out->whole = (gsm8k_span){whole, (size_t)(p - whole)};
    out->fraction = (gsm8k_span){p, 0};
    if (p < end && *p == '.') {
        const char *fraction = ++p;
        while (p < end && (is_digit(*p) || *p == ',')) {
            if (*p != ',') digits++;
            p++;
        }
        const char *last = p;
        while (last > fraction && (last[-1] == '0' || last[-1] == ',')) last--;
        out->fraction = (gsm8k_span){fraction, (size_t)(last - fraction)};
    }
    bool is_zero = out->whole.length == 0 && out->fraction.length == 0;
    out->negative = out->negative && !is_zero;
    return p == end && digits > 0;
}

static bool same_value(gsm8k_span a, gsm8k_span b) {
    decimal x, y;
    if (!read_decimal(a, &x) || !read_decimal(b, &y)) return same_text(a, b);
    return x.negative == y.negative && same_text(x.whole, y.whole)
        && same_text(x.fraction, y.fraction);
}

double gsm8k_score(const char *completion, size_t n, const char *gold, size_t m, gsm8k_mode mode) {
    gsm8k_span right, given;
    if (!gsm8k_find_gold(gold, m, &right)) return NAN;
    if (!gsm8k_find_answer(completion, n, mode, &given)) return 0;
    bool same = mode == GSM8K_STRICT ? same_text(given, right) : same_value(given, right);
    return same ? 1 : 0;
}

/* Appends the bytes of a span that are not commas and returns where they end. */
static char *append(char *at, gsm8k_span span) {
    for (int c; (c = next_byte(&span)) != -1;) *at++ = (char)c;
    return at;
}

size_t gsm8k_normalise(gsm8k_span answer, gsm8k_mode mode, char *normal) {
    decimal number;
    bool has_digit = false;
    for (size_t i = 0; i < answer.length; i++) has_digit = has_digit || is_digit(answer.start[i]);
    if (!has_digit) return 0;
    char *at = normal;
    if (mode == GSM8K_STRICT || !read_decimal(answer, &number)) return (size_t)(append(at, answer) - normal);
    if (number.negative) *at++ = '-';
    char *whole = at;
    at = append(at, number.whole);
    if (at == whole) *at++ = '0';
    if (number.fraction.length > 0) {
        *at++ = '.';
        at = append(at, number.fraction);
    }
    return (size_t)(at - normal);
}
