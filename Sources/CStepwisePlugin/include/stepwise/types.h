/* Values that cross the boundary: status codes, text, columns, rows, errors, state streams. */
#ifndef STEPWISE_TYPES_H
#define STEPWISE_TYPES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether `member` of `*pointer`, a growable struct of type `type`, lies within the size that its maker declared. */
#define STEPWISE_HAS(pointer, type, member) \
  ((pointer)->struct_size >= offsetof(type, member) + sizeof(((type *)0)->member))

/* ---- Status ---------------------------------------------------------------------------------------------------------- */

/* What a function answers: 0 is success, negative is an error (with a message in the stepwise_error where there is one),
 * positive is a success of another sort. A code that the host does not know counts as STEPWISE_ERROR. */
typedef int32_t stepwise_status;

enum {
  STEPWISE_OK = 0,
  /* Strategy hooks only: "the host's default, please". The output is not looked at. */
  STEPWISE_USE_DEFAULT = 1,
  /* Anything without a code of its own. */
  STEPWISE_ERROR = -1,
  /* A parameter or argument is wrong; the message names it. */
  STEPWISE_ERROR_ARGUMENT = -2,
  /* The other side does not have what was asked for. */
  STEPWISE_ERROR_UNSUPPORTED = -3,
  /* `load` was given bytes that are not a state of this component. */
  STEPWISE_ERROR_STATE = -4,
  STEPWISE_ERROR_MEMORY = -5,
  /* The work was given up because the host said `cancelled`. */
  STEPWISE_ERROR_CANCELLED = -6,
  /* The work was given up because the deadline passed. */
  STEPWISE_ERROR_DEADLINE = -7,
  /* The output does not fit into the buffer. */
  STEPWISE_ERROR_CAPACITY = -8,
  /* A file, a network or another thing outside failed. */
  STEPWISE_ERROR_IO = -9,
  /* The input data are wrong; the message names the row or item. */
  STEPWISE_ERROR_DATA = -10
};

/* ---- Text ------------------------------------------------------------------------------------------------------------ */

/* UTF-8 text. `data` may be NULL where `size` is 0. Frozen. */
typedef struct stepwise_text {
  const char *data;
  /* Bytes. */
  uint64_t size;
} stepwise_text;

/* The text of a NUL-terminated string; lives as long as the string. */
static inline stepwise_text stepwise_text_of(const char *string) {
  stepwise_text text;
  text.data = string;
  text.size = string ? (uint64_t)strlen(string) : 0;
  return text;
}

/* Whether the text has the bytes of a NUL-terminated string. */
static inline int stepwise_text_equals(stepwise_text text, const char *string) {
  size_t size = strlen(string);
  return text.size == size && (size == 0 || memcmp(text.data, string, size) == 0);
}

/* ---- Errors ---------------------------------------------------------------------------------------------------------- */

/* Where a function writes why it failed. The host owns it and gives it for the call; it is never NULL in a call by the
 * host. Not more than `capacity` bytes may be written to `message`; `size` is how many were. Growable. */
typedef struct stepwise_error {
  uint32_t struct_size;
  uint32_t reserved;
  char *message;
  uint64_t capacity;
  uint64_t size;
} stepwise_error;

/* Writes a NUL-terminated message, cut to what fits, and answers `status`: `return stepwise_fail(error, ..., "why");` */
static inline stepwise_status stepwise_fail(
    stepwise_error *error, stepwise_status status, const char *message) {
  if (error != NULL && message != NULL) {
    size_t size = strlen(message);
    if (size > error->capacity) size = (size_t)error->capacity;
    if (size > 0) memcpy(error->message, message, size);
    error->size = size;
  }
  return status;
}

/* ---- Values and columns ---------------------------------------------------------------------------------------------- */

/* What a value is. The host never shows a plugin a type that is newer than the plugin's `abi_minor`: it shows null. */
enum {
  STEPWISE_VALUE_NULL = 0,
  /* `data.integer`; booleans are 0 and 1. */
  STEPWISE_VALUE_INT = 1,
  /* `data.real`; may be NaN or infinite. */
  STEPWISE_VALUE_REAL = 2,
  /* `data.text`. */
  STEPWISE_VALUE_TEXT = 3,
  /* `data.list`: values in order, of one type or of several, nested at most STEPWISE_VALUE_DEPTH deep. */
  STEPWISE_VALUE_LIST = 4,
  /* `data.messages`: the turns of a conversation. */
  STEPWISE_VALUE_MESSAGES = 5
};

/* How deep lists may nest. A deeper value is refused. */
enum { STEPWISE_VALUE_DEPTH = 32 };

/* One turn of a conversation. `role` is `system`, `user`, `assistant` or `tool`. Frozen. */
typedef struct stepwise_message {
  stepwise_text role;
  stepwise_text content;
} stepwise_message;

/* A typed value. Frozen. */
typedef struct stepwise_value {
  /* STEPWISE_VALUE_...; decides which member of `data` may be read. */
  uint32_t type;
  uint32_t reserved;
  union {
    int64_t integer;
    double real;
    stepwise_text text;
    struct {
      const struct stepwise_value *items;
      uint64_t count;
    } list;
    struct {
      const stepwise_message *items;
      uint64_t count;
    } messages;
  } data;
} stepwise_value;

/* A named value of a row. Names are unique within a row. Frozen. */
typedef struct stepwise_column {
  stepwise_text name;
  stepwise_value value;
} stepwise_column;

/* ---- Rows ------------------------------------------------------------------------------------------------------------ */

/* One row of a dataset. A dataset gives it to the host, the host shows it to rewards. Growable. */
typedef struct stepwise_example {
  uint32_t struct_size;
  uint32_t reserved;
  /* Identifies the row for the whole run: equal in every epoch and after a resume. */
  uint64_t id;
  /* What the model is asked: text (tokenised as it stands) or messages (rendered by the chat template). */
  stepwise_value prompt;
  /* A demonstration of a good answer: text or messages; null where the row has none. */
  stepwise_value completion;
  /* How hard the row is, in the dataset's own unit; NaN where it is not known. */
  double difficulty;
  /* UTF-8 byte offsets in the completion's text at which a reasoning step begins, ascending, each below its size. */
  const uint64_t *step_boundaries;
  uint64_t step_boundary_count;
  /* Every other column, in the dataset's order. */
  const stepwise_column *columns;
  uint64_t column_count;
} stepwise_example;

/* The value of the column of that name, or NULL where the row has none. Lives as long as the row. */
static inline const stepwise_value *stepwise_find_column(
    const stepwise_example *example, const char *name) {
  uint64_t i;
  for (i = 0; i < example->column_count; i++) {
    if (stepwise_text_equals(example->columns[i].name, name)) return &example->columns[i].value;
  }
  return NULL;
}

/* ---- State ----------------------------------------------------------------------------------------------------------- */

/* Takes the bytes of a state. The host owns it and gives it for the call. Growable. */
typedef struct stepwise_writer {
  uint32_t struct_size;
  uint32_t reserved;
  void *context;
  /* Appends `size` bytes. [any] Anything but STEPWISE_OK shall be returned from `save` as it is. */
  stepwise_status (*write)(const struct stepwise_writer *writer, const void *data, uint64_t size);
} stepwise_writer;

/* Gives the bytes of a state. The host owns it and gives it for the call. Growable. */
typedef struct stepwise_reader {
  uint32_t struct_size;
  uint32_t reserved;
  void *context;
  /* Copies at most `capacity` of the next bytes and says how many in `*size`, which may be fewer than asked for, down to 1.
   * 0 means the end. [any] Anything but STEPWISE_OK shall be returned from `load` as it is. */
  stepwise_status (*read)(
      const struct stepwise_reader *reader, void *buffer, uint64_t capacity, uint64_t *size);
} stepwise_reader;

#ifdef __cplusplus
}
#endif

#endif
