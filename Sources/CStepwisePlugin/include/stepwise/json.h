/* Reads parameters: the members of one JSON object. A convenience for C authors, not part of the ABI.
 *
 * The host has already checked the object against the manifest, so these answer `fallback` for a key that is absent or of
 * another type and have no error of their own. They look at the top level only. */
#ifndef STEPWISE_JSON_H
#define STEPWISE_JSON_H

#include <stdlib.h>

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The end of the JSON value that starts at `at`, or `end` where it has none. */
static inline const char *stepwise_json_skip(const char *at, const char *end) {
  int depth = 0;
  int quoted = 0;
  for (; at < end; at++) {
    if (quoted) {
      if (*at == '\\') {
        at++;
      } else if (*at == '"') {
        quoted = 0;
        if (depth == 0) return at + 1;
      }
    } else if (*at == '"') {
      quoted = 1;
    } else if (*at == '{' || *at == '[') {
      depth++;
    } else if (*at == '}' || *at == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (*at == ',' || *at == ':' || *at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) {
      return at;
    }
  }
  return end;
}

static inline const char *stepwise_json_space(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) at++;
  return at;
}

/* The text of a member's value, quotes included, or an empty text. Keys with escapes are not found. */
static inline stepwise_text stepwise_json_member(stepwise_text object, const char *key) {
  const char *at = object.data, *end, *start;
  size_t size = strlen(key);
  stepwise_text member;
  member.data = NULL;
  member.size = 0;
  if (object.size == 0) return member;
  end = at + object.size;
  at = stepwise_json_space(at, end);
  if (at == end || *at != '{') return member;
  at++;
  for (;;) {
    int found;
    at = stepwise_json_space(at, end);
    if (at == end || *at != '"') return member;
    start = at + 1;
    at = stepwise_json_skip(at, end);
    found = (size_t)(at - start) == size + 1 && memcmp(start, key, size) == 0;
    at = stepwise_json_space(at, end);
    if (at == end || *at != ':') return member;
    start = at = stepwise_json_space(at + 1, end);
    at = stepwise_json_skip(at, end);
    if (found) {
      member.data = start;
      member.size = (uint64_t)(at - start);
      return member;
    }
    at = stepwise_json_space(at, end);
    if (at == end || *at != ',') return member;
    at++;
  }
}

/* A number, whatever the process's locale is (strtod would follow it). The nearest double for numbers of at most 15 digits and
 * exponents up to 22; beyond, the last place may differ. */
static inline double stepwise_json_real(stepwise_text object, const char *key, double fallback) {
  stepwise_text member = stepwise_json_member(object, key);
  const char *at = member.data, *end;
  double value = 0, power = 1;
  int negative = 0, exponent = 0, digits = 0;
  if (member.size == 0) return fallback;
  end = at + member.size;
  if (*at == '-') {
    negative = 1;
    at++;
  }
  for (; at < end && *at >= '0' && *at <= '9'; at++, digits++) value = value * 10 + (*at - '0');
  if (at < end && *at == '.') {
    for (at++; at < end && *at >= '0' && *at <= '9'; at++, digits++, exponent--) value = value * 10 + (*at - '0');
  }
  if (digits == 0) return fallback;
  if (at < end && (*at == 'e' || *at == 'E')) {
    int sign = 1, written = 0;
    at++;
    if (at < end && (*at == '-' || *at == '+')) sign = *at++ == '-' ? -1 : 1;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
      if (written < 10000) written = written * 10 + (*at - '0');
    }
    exponent += sign * written;
  }
  if (at != end) return fallback;
  {
    int i, magnitude = exponent < 0 ? -exponent : exponent;
    for (i = 0; i < magnitude && i < 400; i++) power *= 10;
  }
  value = exponent < 0 ? value / power : value * power;
  return negative ? -value : value;
}

/* An integer; a number with a fraction or an exponent is not one. */
static inline int64_t stepwise_json_int(stepwise_text object, const char *key, int64_t fallback) {
  stepwise_text member = stepwise_json_member(object, key);
  uint64_t i = 0, value = 0;
  int negative = member.size > 1 && member.data[0] == '-';
  if (member.size == 0) return fallback;
  for (i = negative ? 1 : 0; i < member.size; i++) {
    char c = member.data[i];
    if (c < '0' || c > '9' || value > (uint64_t)INT64_MAX / 10) return fallback;
    value = value * 10 + (uint64_t)(c - '0');
    if (value > (uint64_t)INT64_MAX) return fallback;
  }
  return negative ? -(int64_t)value : (int64_t)value;
}

/* `true` is 1, `false` is 0. */
static inline int stepwise_json_bool(stepwise_text object, const char *key, int fallback) {
  stepwise_text member = stepwise_json_member(object, key);
  if (stepwise_text_equals(member, "true")) return 1;
  if (stepwise_text_equals(member, "false")) return 0;
  return fallback;
}

/* The four hexadecimal digits at `at`, or -1. */
static inline int32_t stepwise_json_hex(const char *at, const char *end) {
  int32_t value = 0;
  int i;
  if (end - at < 4) return -1;
  for (i = 0; i < 4; i++) {
    char c = at[i];
    if (c >= '0' && c <= '9') value = value * 16 + (c - '0');
    else if (c >= 'a' && c <= 'f') value = value * 16 + (c - 'a' + 10);
    else if (c >= 'A' && c <= 'F') value = value * 16 + (c - 'A' + 10);
    else return -1;
  }
  return value;
}

/* Unescapes a text member into memory from malloc, NUL-terminated, with its size in `*size` (which may be NULL). NULL where the
 * key is absent, is no text, or memory is out. The caller frees it. */
static inline char *stepwise_json_text(stepwise_text object, const char *key, uint64_t *size) {
  stepwise_text member = stepwise_json_member(object, key);
  const char *at, *end;
  char *text, *out;
  if (member.size < 2 || member.data[0] != '"') return NULL;
  at = member.data + 1;
  end = member.data + member.size - 1;
  /* An escape is never shorter than what it stands for, so the raw size is enough. */
  text = out = (char *)malloc((size_t)member.size);
  if (text == NULL) return NULL;
  while (at < end) {
    if (*at != '\\' || at + 1 == end) {
      *out++ = *at++;
      continue;
    }
    at++;
    switch (*at++) {
      case 'b': *out++ = '\b'; break;
      case 'f': *out++ = '\f'; break;
      case 'n': *out++ = '\n'; break;
      case 'r': *out++ = '\r'; break;
      case 't': *out++ = '\t'; break;
      case 'u': {
        int32_t code = stepwise_json_hex(at, end);
        if (code >= 0) at += 4;
        if (code >= 0xD800 && code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
          int32_t low = stepwise_json_hex(at + 2, end);
          if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            at += 6;
          }
        }
        if (code < 0 || (code >= 0xD800 && code < 0xE000)) code = 0xFFFD;
        if (code < 0x80) {
          *out++ = (char)code;
        } else if (code < 0x800) {
          *out++ = (char)(0xC0 | (code >> 6));
          *out++ = (char)(0x80 | (code & 0x3F));
        } else if (code < 0x10000) {
          *out++ = (char)(0xE0 | (code >> 12));
          *out++ = (char)(0x80 | ((code >> 6) & 0x3F));
          *out++ = (char)(0x80 | (code & 0x3F));
        } else {
          *out++ = (char)(0xF0 | (code >> 18));
          *out++ = (char)(0x80 | ((code >> 12) & 0x3F));
          *out++ = (char)(0x80 | ((code >> 6) & 0x3F));
          *out++ = (char)(0x80 | (code & 0x3F));
        }
        break;
      }
      default: *out++ = at[-1]; break;
    }
  }
  *out = 0;
  if (size != NULL) *size = (uint64_t)(out - text);
  return text;
}

#ifdef __cplusplus
}
#endif

#endif
