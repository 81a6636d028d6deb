/* Rewards: score completions, a whole batch at a time. */
#ifndef STEPWISE_REWARD_H
#define STEPWISE_REWARD_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct stepwise_instance stepwise_instance;

/* What a reward declares about itself. The host fills in the defaults before it asks. Growable. */
typedef struct stepwise_reward_description {
  uint32_t struct_size;
  /* How many `required_columns` there are. Default 0. */
  uint32_t required_column_count;
  /* The name under which metrics are logged, `rewards/NAME/mean`. Empty: the last part of the component's id. */
  stepwise_text name;
  /* The bounds of every score. Defaults: -infinity and +infinity. */
  double minimum;
  double maximum;
  /* A score from here upwards counts as solved. Default NaN: the reward does not measure success. */
  double success_threshold;
  /* Columns that every row must have; the host refuses rows without them before `score` sees them. */
  const stepwise_text *required_columns;
} stepwise_reward_description;

enum {
  /* The completion was cut at the length limit. */
  STEPWISE_ITEM_TRUNCATED = 1 << 0
};

/* One completion to be scored. Growable. */
typedef struct stepwise_reward_item {
  uint32_t struct_size;
  /* STEPWISE_ITEM_... */
  uint32_t flags;
  /* Identifies the item within the run. */
  uint64_t id;
  /* The row that was asked. Never NULL. */
  const stepwise_example *example;
  /* The prompt as the model saw it, after the chat template. */
  stepwise_text prompt;
  /* The completion without special tokens. */
  stepwise_text completion;
  /* The completion with special tokens kept. */
  stepwise_text completion_with_special_tokens;
  /* The completion's token ids, the end-of-sequence token included where it was produced. */
  const int32_t *completion_ids;
  uint64_t completion_id_count;
} stepwise_reward_item;

/* All completions of one step's rollouts; those of one prompt stand side by side. Growable. */
typedef struct stepwise_reward_batch {
  uint32_t struct_size;
  uint32_t reserved;
  /* The optimizer step, 0-based. */
  uint64_t step;
  /* The run's seed. */
  uint64_t seed;
  uint64_t count;
  /* Bytes from one item to the next: use stepwise_reward_item_at. */
  uint64_t item_stride;
  const stepwise_reward_item *items;
} stepwise_reward_batch;

/* The item at `index`, which is below `batch->count`. */
static inline const stepwise_reward_item *stepwise_reward_item_at(
    const stepwise_reward_batch *batch, uint64_t index) {
  return (const stepwise_reward_item *)((const char *)batch->items + index * batch->item_stride);
}

/* What became of one item. */
enum {
  /* `value` is the score: finite and within the declared bounds. */
  STEPWISE_SCORE_OK = 1,
  /* Not applicable: counts neither for nor against. `value` is not looked at. */
  STEPWISE_SCORE_ABSTAIN = 2,
  /* The item could not be scored: the step fails with an error that names it. */
  STEPWISE_SCORE_ERROR = 3
};

/* The answer for one item. `item` repeats the item's id: the host checks it, so that answers that were put together in another
 * order, as threads finish, cannot reach the wrong completion. Frozen. */
typedef struct stepwise_score {
  uint64_t item;
  double value;
  /* STEPWISE_SCORE_... */
  int32_t status;
  uint32_t reserved;
} stepwise_score;

/* Where the answers go. The host owns it and gives it for the call. Growable. */
typedef struct stepwise_reward_results {
  uint32_t struct_size;
  uint32_t reserved;
  /* Room for `capacity` answers, equal to the batch's count. The host has filled it with bytes that no answer has. */
  stepwise_score *scores;
  uint64_t capacity;
  /* How many were written: the plugin sets it, to the batch's count. The host starts it at 0. */
  uint64_t count;
  /* Says why the item at `index` has STEPWISE_SCORE_ERROR. Need not be called. [any] The text is copied. */
  void (*explain)(const struct stepwise_reward_results *results, uint64_t index, stepwise_text message);
  void *context;
} stepwise_reward_results;

/* The longest answer in bytes. An answer is compared with others, not read: a longer one is no normal form. */
enum { STEPWISE_ANSWER_SIZE = 1 << 20 };

/* Takes the answers that completions give. The host owns it and gives it for the call. Growable. */
typedef struct stepwise_answer_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void *context;
  /* Takes the answer of the item at `index` of the batch, UTF-8 text of at most STEPWISE_ANSWER_SIZE bytes, and copies it before
   * it returns. At most once for each item: one for which it is not called has no answer; an empty text is an answer like any
   * other. A call that breaks one of these rules fails the batch once `answers` has returned. [any] */
  void (*set)(const struct stepwise_answer_sink *sink, uint64_t index, stepwise_text answer);
} stepwise_answer_sink;

/* The functions of a reward. Growable; it lives as long as the library. */
typedef struct stepwise_reward {
  uint32_t struct_size;
  uint32_t reserved;

  /* Fills in `description`; what it points to lives as long as the instance. Called once, after `init`. [serial]
   * Optional: the defaults hold. */
  stepwise_status (*describe)(
      stepwise_instance *instance, stepwise_reward_description *description, stepwise_error *error);

  /* Scores every item of the batch, in order: results->scores[i] answers for item i, for every i below batch->count. Equal
   * items must get equal scores whatever else is in the batch. `batch` and `results` are given for the call. Anything but
   * STEPWISE_OK fails the whole batch. [parallel] Required. */
  stepwise_status (*score)(
      stepwise_instance *instance, const stepwise_reward_batch *batch, stepwise_reward_results *results,
      stepwise_error *error);

  /* Gives to `sink` the answer of each completion that has one, in a normal form, for majority votes among the completions of one
   * prompt: answers that mean the same are the same bytes whatever their notation, and answers that are the same bytes get the
   * same score for the same row. Whether an answer is right plays no part. It depends on the item and the parameters alone.
   * `batch` and `sink` are given for the call. Anything but STEPWISE_OK fails the whole batch. [parallel] Optional: completions
   * have no answers. */
  stepwise_status (*answers)(
      stepwise_instance *instance, const stepwise_reward_batch *batch, const stepwise_answer_sink *sink,
      stepwise_error *error);
} stepwise_reward;

#ifdef __cplusplus
}
#endif

#endif
