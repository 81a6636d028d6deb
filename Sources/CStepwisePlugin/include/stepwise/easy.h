/* A whole reward plugin out of one C function. A convenience, not part of the ABI; for C11 and C++.
 *
 *     #include <stepwise/easy.h>
 *
 *     static double score(const stepwise_easy *easy, const stepwise_reward_item *item, int32_t *status) {
 *       (void)easy;
 *       (void)status;
 *       return item->completion.size <= 200 ? 1.0 : 0.0;
 *     }
 *
 *     STEPWISE_EASY_REWARD("org.example.reward.short", "1.0.0", score, 0.0, 1.0, 1.0)
 *
 *     cc -std=c11 -O2 -shared -fPIC -fvisibility=hidden -I INCLUDE short.c -o libshort.so
 *
 * The function scores one item. It starts with `*status` STEPWISE_SCORE_OK; it may set STEPWISE_SCORE_ABSTAIN or
 * STEPWISE_SCORE_ERROR. `easy->parameters` is the JSON object (see json.h), `easy->host` the services. It must depend on
 * nothing but its arguments. */
#ifndef STEPWISE_EASY_H
#define STEPWISE_EASY_H

#include <math.h>
#include <stdlib.h>

#include "json.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the function sees beside the item; lives as long as the instance. */
typedef struct stepwise_easy {
  const stepwise_host *host;
  stepwise_text parameters;
  /* Those of the batch at hand: with item->id the key for `host->uniform`. */
  uint64_t seed;
  uint64_t step;
} stepwise_easy;

typedef double (*stepwise_easy_score)(const stepwise_easy *easy, const stepwise_reward_item *item, int32_t *status);

/* Gives the answer of the item, in a normal form: `sink->set(sink, index, text)` once, or not at all where there is none. Answers
 * STEPWISE_OK; anything else fails the batch. */
typedef stepwise_status (*stepwise_easy_answer)(
    const stepwise_easy *easy, const stepwise_reward_item *item, const stepwise_answer_sink *sink, uint64_t index);

static inline stepwise_status stepwise_easy_create(
    const stepwise_configuration *configuration, stepwise_instance **instance, stepwise_error *error) {
  size_t size = (size_t)configuration->parameters.size;
  stepwise_easy *easy = (stepwise_easy *)malloc(sizeof(stepwise_easy) + size);
  if (easy == NULL) return stepwise_fail(error, STEPWISE_ERROR_MEMORY, "out of memory");
  memcpy(easy + 1, configuration->parameters.data, size);
  easy->host = configuration->host;
  easy->parameters.data = (const char *)(easy + 1);
  easy->parameters.size = size;
  easy->seed = 0;
  easy->step = 0;
  *instance = (stepwise_instance *)easy;
  return STEPWISE_OK;
}

static inline void stepwise_easy_destroy(stepwise_instance *instance) { free(instance); }

static inline stepwise_status stepwise_easy_batch(
    stepwise_instance *instance, const stepwise_reward_batch *batch, stepwise_reward_results *results,
    stepwise_easy_score score) {
  uint64_t i;
  stepwise_easy easy = *(const stepwise_easy *)instance;
  easy.seed = batch->seed;
  easy.step = batch->step;
  for (i = 0; i < batch->count; i++) {
    const stepwise_reward_item *item = stepwise_reward_item_at(batch, i);
    stepwise_score *result = &results->scores[i];
    int32_t status = STEPWISE_SCORE_OK;
    result->value = score(&easy, item, &status);
    result->item = item->id;
    result->status = status;
    result->reserved = 0;
  }
  results->count = batch->count;
  return STEPWISE_OK;
}

static inline stepwise_status stepwise_easy_answers(
    stepwise_instance *instance, const stepwise_reward_batch *batch, const stepwise_answer_sink *sink,
    stepwise_easy_answer answer) {
  uint64_t i;
  stepwise_easy easy = *(const stepwise_easy *)instance;
  easy.seed = batch->seed;
  easy.step = batch->step;
  for (i = 0; i < batch->count; i++) {
    stepwise_status status = answer(&easy, stepwise_reward_item_at(batch, i), sink, i);
    if (status != STEPWISE_OK) return status;
  }
  return STEPWISE_OK;
}

/* Defines the plugin: its id (also the component's), version, function, bounds of the score, and the score from which an item
 * counts as solved (NAN for none). The arguments must be constants. Once in a library. */
#define STEPWISE_EASY_REWARD(ID, VERSION, FUNCTION, MINIMUM, MAXIMUM, THRESHOLD)                                       \
  STEPWISE_EASY_REWARD_COLUMN(ID, VERSION, FUNCTION, MINIMUM, MAXIMUM, THRESHOLD, NULL)

/* The same for a reward that needs a column in every row, by name. */
#define STEPWISE_EASY_REWARD_COLUMN(ID, VERSION, FUNCTION, MINIMUM, MAXIMUM, THRESHOLD, COLUMN)                        \
  STEPWISE_EASY_REWARD_TABLE(ID, VERSION, FUNCTION, MINIMUM, MAXIMUM, THRESHOLD, COLUMN, NULL)

/* The same for a reward that also reads the answers, by the function ANSWER, for majority votes. COLUMN may be NULL. */
#define STEPWISE_EASY_REWARD_ANSWERS(ID, VERSION, FUNCTION, ANSWER, MINIMUM, MAXIMUM, THRESHOLD, COLUMN)               \
  static stepwise_status stepwise_easy_this_answers(                                                                   \
      stepwise_instance *instance, const stepwise_reward_batch *batch, const stepwise_answer_sink *sink,               \
      stepwise_error *error) {                                                                                         \
    (void)error;                                                                                                       \
    return stepwise_easy_answers(instance, batch, sink, ANSWER);                                                       \
  }                                                                                                                    \
  STEPWISE_EASY_REWARD_TABLE(ID, VERSION, FUNCTION, MINIMUM, MAXIMUM, THRESHOLD, COLUMN, stepwise_easy_this_answers)

/* What the three above have in common; not for use by itself. */
#define STEPWISE_EASY_REWARD_TABLE(ID, VERSION, FUNCTION, MINIMUM, MAXIMUM, THRESHOLD, COLUMN, ANSWERS)                \
  static stepwise_status stepwise_easy_this_create(                                                                    \
      const stepwise_factory *factory, const stepwise_configuration *configuration, stepwise_instance **instance,      \
      stepwise_error *error) {                                                                                         \
    (void)factory;                                                                                                     \
    return stepwise_easy_create(configuration, instance, error);                                                       \
  }                                                                                                                    \
  static stepwise_status stepwise_easy_this_describe(                                                                  \
      stepwise_instance *instance, stepwise_reward_description *description, stepwise_error *error) {                  \
    static const stepwise_text column = {COLUMN, sizeof(COLUMN) - 1};                                                  \
    (void)instance;                                                                                                    \
    (void)error;                                                                                                       \
    description->minimum = MINIMUM;                                                                                    \
    description->maximum = MAXIMUM;                                                                                    \
    description->success_threshold = THRESHOLD;                                                                        \
    if (column.data != NULL) {                                                                                         \
      description->required_columns = &column;                                                                         \
      description->required_column_count = 1;                                                                          \
    }                                                                                                                  \
    return STEPWISE_OK;                                                                                                \
  }                                                                                                                    \
  static stepwise_status stepwise_easy_this_score(                                                                     \
      stepwise_instance *instance, const stepwise_reward_batch *batch, stepwise_reward_results *results,               \
      stepwise_error *error) {                                                                                         \
    (void)error;                                                                                                       \
    return stepwise_easy_batch(instance, batch, results, FUNCTION);                                                    \
  }                                                                                                                    \
  static const stepwise_reward stepwise_easy_this_table = {                                                            \
      sizeof(stepwise_reward), 0, stepwise_easy_this_describe, stepwise_easy_this_score, ANSWERS};                     \
  static const stepwise_factory stepwise_easy_this_factory = {                                                         \
      sizeof(stepwise_factory),                                                                                        \
      STEPWISE_KIND_REWARD,                                                                                            \
      {ID, sizeof(ID) - 1},                                                                                            \
      STEPWISE_CONCURRENCY_THREAD_SAFE,                                                                                \
      1,                                                                                                               \
      &stepwise_easy_this_table,                                                                                       \
      NULL,                                                                                                            \
      stepwise_easy_this_create,                                                                                       \
      stepwise_easy_destroy,                                                                                           \
      NULL,                                                                                                            \
      NULL,                                                                                                            \
      NULL,                                                                                                            \
      NULL,                                                                                                            \
      NULL};                                                                                                           \
  static const stepwise_plugin stepwise_easy_this_plugin = {                                                           \
      STEPWISE_PLUGIN_MAGIC,                                                                                           \
      STEPWISE_ABI_MAJOR,                                                                                              \
      STEPWISE_ABI_MINOR,                                                                                              \
      0,                                                                                                               \
      sizeof(stepwise_plugin),                                                                                         \
      {ID, sizeof(ID) - 1},                                                                                            \
      {VERSION, sizeof(VERSION) - 1},                                                                                  \
      {"C headers 1.0", sizeof("C headers 1.0") - 1},                                                                  \
      &stepwise_easy_this_factory,                                                                                     \
      1,                                                                                                               \
      sizeof(stepwise_factory)};                                                                                       \
  STEPWISE_EXTERN STEPWISE_EXPORT const stepwise_plugin *stepwise_plugin_entry(void) {                                 \
    return &stepwise_easy_this_plugin;                                                                                 \
  }

#ifdef __cplusplus
#define STEPWISE_EXTERN extern "C"
#else
#define STEPWISE_EXTERN
#endif

#ifdef __cplusplus
}
#endif

#endif
