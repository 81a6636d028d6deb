/* Whole, well-behaved plugins with room for one fault: each file beside this one replaces a function or a number and shows nothing
 * else. The first line of a file names the tests of `plugin check` that must find it; lines ` * yaml: ` go into its manifest. */
#ifndef STEPWISE_FAULT_H
#define STEPWISE_FAULT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stepwise/plugin.h>

#define ID "org.stepwise.fixture.fault"

struct stepwise_instance {
  const stepwise_host *host;
  /* What a strategy counts and saves; what a sequential dataset stands at. */
  uint64_t count;
  uint64_t number;
};

static inline stepwise_status good_create(
    const stepwise_factory *factory, const stepwise_configuration *configuration, stepwise_instance **instance,
    stepwise_error *error) {
  stepwise_instance *self = calloc(1, sizeof *self);
  (void)factory;
  if (self == NULL) return stepwise_fail(error, STEPWISE_ERROR_MEMORY, "out of memory");
  self->host = configuration->host;
  *instance = self;
  return STEPWISE_OK;
}

static inline void good_destroy(stepwise_instance *self) { free(self); }

static inline stepwise_status good_save(stepwise_instance *self, const stepwise_writer *writer, stepwise_error *error) {
  (void)error;
  return writer->write(writer, &self->count, sizeof self->count);
}

/* Reads to the end, a byte at a time if need be; -1 where there are more than `capacity` bytes. */
static inline int64_t read_all(const stepwise_reader *reader, void *bytes, uint64_t capacity) {
  uint64_t have = 0, got = 1;
  char extra;
  while (have < capacity && got > 0) {
    if (reader->read(reader, (char *)bytes + have, capacity - have, &got) != STEPWISE_OK) return -1;
    have += got;
  }
  if (have == capacity && (reader->read(reader, &extra, 1, &got) != STEPWISE_OK || got > 0)) return -1;
  return (int64_t)have;
}

static inline stepwise_status good_load(
    stepwise_instance *self, uint32_t version, const stepwise_reader *reader, stepwise_error *error) {
  (void)version;
  if (read_all(reader, &self->count, sizeof self->count) != sizeof self->count) {
    return stepwise_fail(error, STEPWISE_ERROR_STATE, "the state is not 8 bytes");
  }
  return STEPWISE_OK;
}

/* ---- Rewards --------------------------------------------------------------------------------------------------------- */

/* Between 0 and 1, from the text alone. */
static inline double good_value(const stepwise_reward_item *item) { return (double)(item->completion.size % 11) / 10; }

static inline stepwise_status good_describe(
    stepwise_instance *self, stepwise_reward_description *description, stepwise_error *error) {
  (void)self;
  (void)error;
  description->minimum = 0;
  description->maximum = 1;
  return STEPWISE_OK;
}

#define SCORE_PARAMETERS                                                                                               \
  stepwise_instance *self, const stepwise_reward_batch *batch, stepwise_reward_results *results, stepwise_error *error

/* A function `score` that gives VALUE, an expression of item, i, batch and self, to each item, after the statements BEFORE. */
#define SCORES(BEFORE, VALUE)                                                                                          \
  static stepwise_status score(SCORE_PARAMETERS) {                                                                     \
    uint64_t i, n = batch->count;                                                                                      \
    (void)self;                                                                                                        \
    (void)error;                                                                                                       \
    { BEFORE; }                                                                                                        \
    for (i = 0; i < n; i++) {                                                                                          \
      const stepwise_reward_item *item = stepwise_reward_item_at(batch, i);                                            \
      results->scores[i].item = item->id;                                                                              \
      results->scores[i].value = VALUE;                                                                                \
      results->scores[i].status = STEPWISE_SCORE_OK;                                                                   \
    }                                                                                                                  \
    results->count = n;                                                                                                \
    return STEPWISE_OK;                                                                                                \
  }

/* ---- Datasets -------------------------------------------------------------------------------------------------------- */

enum { ROWS = 30 };

static inline stepwise_status good_rows(
    stepwise_instance *self, stepwise_dataset_description *description, stepwise_error *error) {
  (void)self;
  (void)error;
  description->count = ROWS;
  return STEPWISE_OK;
}

static inline stepwise_status give(const stepwise_row_sink *sink, uint64_t id, uint64_t number) {
  char text[32];
  stepwise_example row = {.struct_size = sizeof row, .id = id};
  row.prompt.type = STEPWISE_VALUE_TEXT;
  row.prompt.data.text.data = text;
  row.prompt.data.text.size = (uint64_t)snprintf(text, sizeof text, "row %llu", (unsigned long long)number);
  return sink->row(sink, &row);
}

static inline stepwise_status good_read(
    stepwise_instance *self, uint64_t first, uint64_t count, const stepwise_row_sink *sink, stepwise_error *error) {
  stepwise_status status = STEPWISE_OK;
  uint64_t i;
  (void)self;
  (void)error;
  for (i = first; i < first + count && status == STEPWISE_OK; i++) status = give(sink, i, i);
  return status;
}

/* ---- Strategies ------------------------------------------------------------------------------------------------------ */

static inline stepwise_status good_needs(stepwise_instance *self, uint64_t *needs, stepwise_error *error) {
  (void)self;
  (void)error;
  *needs = STEPWISE_NEEDS_DEMONSTRATIONS | STEPWISE_NEEDS_PROMPTS;
  return STEPWISE_OK;
}

/* SFT at every third step that it has seen, RL otherwise. */
static inline stepwise_status good_begin_step(
    stepwise_instance *self, const stepwise_step_context *context, stepwise_step_plan *plan, stepwise_error *error) {
  (void)context;
  (void)error;
  plan->kind = self->count % 3 == 0 ? STEPWISE_STEP_SFT : STEPWISE_STEP_RL;
  return STEPWISE_OK;
}

static inline stepwise_status good_end_step(
    stepwise_instance *self, const stepwise_step_report *report, stepwise_error *error) {
  (void)report;
  (void)error;
  self->count++;
  return STEPWISE_OK;
}

/* ---- The library ----------------------------------------------------------------------------------------------------- */

#ifndef PLUGIN_ID
#define PLUGIN_ID ID
#endif
/* Members of the factory in place of the good ones. */
#ifndef FACTORY
#define FACTORY
#endif

#define LIBRARY(KIND)                                                                                                  \
  static const stepwise_factory factory = {                                                                            \
      .struct_size = sizeof(stepwise_factory),                                                                         \
      .kind = KIND,                                                                                                    \
      .id = {ID, sizeof ID - 1},                                                                                       \
      .state_version = 1,                                                                                              \
      .table = &table,                                                                                                 \
      .create = good_create,                                                                                           \
      .destroy = good_destroy,                                                                                         \
      FACTORY};                                                                                                        \
  static const stepwise_plugin plugin = {                                                                              \
      STEPWISE_PLUGIN_MAGIC,                                                                                           \
      STEPWISE_ABI_MAJOR,                                                                                              \
      STEPWISE_ABI_MINOR,                                                                                              \
      0,                                                                                                               \
      sizeof(stepwise_plugin),                                                                                         \
      {PLUGIN_ID, sizeof PLUGIN_ID - 1},                                                                               \
      {"1.0.0", 5},                                                                                                    \
      {"C headers 1.0", 13},                                                                                           \
      &factory,                                                                                                        \
      1,                                                                                                               \
      sizeof(stepwise_factory)};                                                                                       \
  STEPWISE_EXPORT const stepwise_plugin *stepwise_plugin_entry(void) { return &plugin; }

/* A reward; the arguments are members of its table in place of the good ones. It always has a `score` of its own. */
#define REWARD(...)                                                                                                    \
  static const stepwise_reward table = {                                                                               \
      .struct_size = sizeof(stepwise_reward), .describe = good_describe, .score = score, __VA_ARGS__};                 \
  LIBRARY(STEPWISE_KIND_REWARD)

#define DATASET(...)                                                                                                   \
  static const stepwise_dataset table = {                                                                              \
      .struct_size = sizeof(stepwise_dataset), .describe = good_rows, .read = good_read, __VA_ARGS__};                 \
  LIBRARY(STEPWISE_KIND_DATASET)

#define STRATEGY(...)                                                                                                  \
  static const stepwise_strategy table = {                                                                             \
      .struct_size = sizeof(stepwise_strategy),                                                                        \
      .requirements = good_needs,                                                                                      \
      .begin_step = good_begin_step,                                                                                   \
      .end_step = good_end_step,                                                                                       \
      __VA_ARGS__};                                                                                                    \
  LIBRARY(STEPWISE_KIND_STRATEGY)

#endif
