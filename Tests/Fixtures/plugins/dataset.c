/* A dataset with a column of every type, or one that breaks a rule: FAULT says which. SEQUENTIAL: it has `next` in place of
 * `read`, and with SEEK a `seek`. */
#include <math.h>
#include <stdlib.h>

#include <stepwise/plugin.h>

enum {
  NO_FAULT,
  ROW_MISSING,
  ROW_TOO_MANY,
  BAD_UTF8,
  NO_PROMPT,
  INTEGER_PROMPT,
  UNKNOWN_TYPE,
  COLUMN_TWICE,
  COLUMN_UNNAMED,
  BOUNDARIES_DESCEND,
  BOUNDARY_OUTSIDE,
  INFINITE_DIFFICULTY,
  DEEP_LIST,
  NULL_ROW,
  SHORT_ROW,
  IGNORES_SINK
};

#ifndef FAULT
#define FAULT NO_FAULT
#endif

struct stepwise_instance {
  uint64_t position;
  uint64_t epoch;
};

static stepwise_status create(
    const stepwise_factory *factory, const stepwise_configuration *configuration, stepwise_instance **instance,
    stepwise_error *error) {
  (void)factory;
  (void)configuration;
  (void)error;
  *instance = calloc(1, sizeof(stepwise_instance));
  return STEPWISE_OK;
}

static void destroy(stepwise_instance *instance) { free(instance); }

static stepwise_status describe(
    stepwise_instance *instance, stepwise_dataset_description *description, stepwise_error *error) {
  (void)instance;
  (void)error;
#if defined(SEQUENTIAL)
  description->count = STEPWISE_UNBOUNDED;
#else
  description->count = 10;
#endif
  return STEPWISE_OK;
}

static stepwise_value text(const char *string) {
  stepwise_value value = {STEPWISE_VALUE_TEXT, 0, {.text = {string, strlen(string)}}};
  return value;
}

static stepwise_status give(const stepwise_instance *instance, uint64_t index, const stepwise_row_sink *sink) {
  const stepwise_message turns[2] = {
      {stepwise_text_of("user"), stepwise_text_of("Why?")}, {stepwise_text_of("assistant"), {"no\0w", 4}}};
  const stepwise_value inner[2] = {text("deep"), {STEPWISE_VALUE_NULL, 0, {0}}};
  const stepwise_value list[2] = {
      {STEPWISE_VALUE_LIST, 0, {.list = {inner, 2}}}, {STEPWISE_VALUE_REAL, 0, {.real = 0.5}}};
  const stepwise_column columns[7] = {
      {stepwise_text_of("nothing"), {STEPWISE_VALUE_NULL, 0, {0}}},
      {stepwise_text_of("integer"), {STEPWISE_VALUE_INT, 0, {.integer = INT64_MIN + (int64_t)index}}},
      {stepwise_text_of("real"), {STEPWISE_VALUE_REAL, 0, {.real = -INFINITY}}},
      {FAULT == COLUMN_TWICE ? stepwise_text_of("real") : FAULT == COLUMN_UNNAMED ? stepwise_text_of("")
                                                                                 : stepwise_text_of("text"),
       FAULT == BAD_UTF8 ? text("\xc3\x28") : text("caf\xc3\xa9")},
      {stepwise_text_of("list"), {STEPWISE_VALUE_LIST, 0, {.list = {list, 2}}}},
      {stepwise_text_of("turns"), {STEPWISE_VALUE_MESSAGES, 0, {.messages = {turns, 2}}}},
      {stepwise_text_of("epoch"), {FAULT == UNKNOWN_TYPE ? 77 : STEPWISE_VALUE_INT, 0, {.integer = (int64_t)instance->epoch}}}};
  const uint64_t boundaries[3] = {0, FAULT == BOUNDARIES_DESCEND ? 0 : 2, FAULT == BOUNDARY_OUTSIDE ? 9 : 5};
  stepwise_value nest[40];
  stepwise_column deep = {stepwise_text_of("deep"), {STEPWISE_VALUE_LIST, 0, {.list = {nest, 1}}}};
  int i;
  stepwise_example row = {sizeof(stepwise_example), 0, 1000 + index, text("Is it?"), text("so it is"),
                          FAULT == INFINITE_DIFFICULTY ? INFINITY : index % 2 ? NAN : 2.5,
                          boundaries, 3, columns, 7};
  for (i = 0; i < 40; i++) {
    nest[i].type = i == 39 ? STEPWISE_VALUE_NULL : STEPWISE_VALUE_LIST;
    nest[i].data.list.items = nest + i + 1;
    nest[i].data.list.count = 1;
  }
  if (FAULT == DEEP_LIST) {
    row.columns = &deep;
    row.column_count = 1;
  }
  if (FAULT == NO_PROMPT) row.prompt.type = STEPWISE_VALUE_NULL;
  if (FAULT == INTEGER_PROMPT) row.prompt = columns[1].value;
  if (FAULT == SHORT_ROW) row.struct_size = 16;
  return sink->row(sink, FAULT == NULL_ROW ? NULL : &row);
}

static stepwise_status give_many(
    stepwise_instance *instance, uint64_t first, uint64_t count, const stepwise_row_sink *sink) {
  uint64_t i;
  if (FAULT == ROW_MISSING) count--;
  if (FAULT == ROW_TOO_MANY) count++;
  for (i = 0; i < count; i++) {
    stepwise_status status = give(instance, first + i, sink);
    if (status != STEPWISE_OK && FAULT != IGNORES_SINK) return status;
  }
  return STEPWISE_OK;
}

static stepwise_status begin_epoch(stepwise_instance *instance, uint64_t epoch, stepwise_error *error) {
  (void)error;
  instance->epoch = epoch;
  return STEPWISE_OK;
}

#if defined(SEQUENTIAL)
static stepwise_status next(
    stepwise_instance *instance, uint64_t count, const stepwise_row_sink *sink, stepwise_error *error) {
  stepwise_status status = give_many(instance, instance->position, count, sink);
  (void)error;
  instance->position += count;
  return status;
}

static stepwise_status seek(stepwise_instance *instance, uint64_t position, stepwise_error *error) {
  (void)error;
  instance->position = position;
  return STEPWISE_OK;
}
#else
static stepwise_status read_rows(
    stepwise_instance *instance, uint64_t first, uint64_t count, const stepwise_row_sink *sink,
    stepwise_error *error) {
  (void)error;
  return give_many(instance, first, count, sink);
}
#endif

static const stepwise_dataset table = {
    .struct_size = sizeof(stepwise_dataset),
    .describe = describe,
#if defined(SEQUENTIAL)
    .next = next,
#else
    .read = read_rows,
#endif
#if defined(SEEK)
    .seek = seek,
#endif
    .begin_epoch = begin_epoch,
};

static const stepwise_factory factory = {
    .struct_size = sizeof(stepwise_factory),
    .kind = STEPWISE_KIND_DATASET,
    .id = {"org.stepwise.fixture.dataset", 28},
    .table = &table,
    .create = create,
    .destroy = destroy,
};

static const stepwise_plugin plugin = {
    STEPWISE_PLUGIN_MAGIC, STEPWISE_ABI_MAJOR, STEPWISE_ABI_MINOR, 0, sizeof(stepwise_plugin),
    {"org.stepwise.fixture.dataset", 28}, {"1.0.0", 5}, {NULL, 0}, &factory, 1, sizeof(stepwise_factory)};

STEPWISE_EXPORT const stepwise_plugin *stepwise_plugin_entry(void) {
#if defined(SEQUENTIAL) && !defined(SEEK)
  (void)seek;
#endif
  return &plugin;
}
