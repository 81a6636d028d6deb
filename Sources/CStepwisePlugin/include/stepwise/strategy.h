/* Mixing strategies: decide, step by step, what is trained next. */
#ifndef STEPWISE_STRATEGY_H
#define STEPWISE_STRATEGY_H

#include "reward.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A strategy sees numbers and answers with plans; it never touches a tensor. Every statistic refers to the whole optimizer
 * step, never to a micro-batch. Answers must depend on the arguments and the strategy's own state alone, so that a resumed run
 * repeats them bit for bit.
 *
 * The order of calls in a step: begin_step (again after each STEPWISE_STEP_MEASURE), then, in a step with an RL part,
 * shape_rollout for each prompt (again after each micro-group), route, advantages; then step_weights and token_weights, where
 * the host has made the statistics for them; at last end_step. */

/* ---- Requirements ---------------------------------------------------------------------------------------------------- */

/* What a strategy needs the host to measure or to have; the host measures nothing else. */
enum {
  /* KL(policy || reference) on the rollouts, k3, nats per token. */
  STEPWISE_NEEDS_KL = 1 << 0,
  /* Mean token entropy of the policy, nats. */
  STEPWISE_NEEDS_ENTROPY = 1 << 1,
  /* Gradient norms of the SFT and the RL part apart, in a step that has both. */
  STEPWISE_NEEDS_GRADIENT_NORMS = 1 << 2,
  /* The cosine between the SFT and the RL gradient, in a step that has both. */
  STEPWISE_NEEDS_GRADIENT_COSINE = 1 << 3,
  /* A demonstration for every prompt that is rolled out. */
  STEPWISE_NEEDS_PROMPT_DEMONSTRATIONS = 1 << 4,
  /* A reference model, also where `beta` is 0. */
  STEPWISE_NEEDS_REFERENCE = 1 << 5,
  /* One pass without gradients over the step's sequences: `step_weights` and `token_weights` are called only then. */
  STEPWISE_NEEDS_STATISTICS_PASS = 1 << 6,
  /* A fixed probe of held-out demonstrations, for STEPWISE_STEP_MEASURE. */
  STEPWISE_NEEDS_PROBE = 1 << 7,
  /* A dataset in the `demonstrations` slot. */
  STEPWISE_NEEDS_DEMONSTRATIONS = 1 << 8,
  /* A dataset in the `prompts` slot and at least one reward. */
  STEPWISE_NEEDS_PROMPTS = 1 << 9
};

/* ---- Reports: what happened ------------------------------------------------------------------------------------------ */

/* What an optimizer step is made of. */
enum {
  /* Supervised fine-tuning on demonstrations; no rollout is generated. */
  STEPWISE_STEP_SFT = 1,
  /* Reinforcement learning on rollouts. */
  STEPWISE_STEP_RL = 2,
  /* Both, in one optimizer step. */
  STEPWISE_STEP_BOTH = 3,
  /* No update: loss and gradient norm of the probe are measured, then the strategy is asked again. */
  STEPWISE_STEP_MEASURE = 4
};

/* What the SFT part of a step, or the probe, measured. Growable. */
typedef struct stepwise_sft_report {
  uint32_t struct_size;
  uint32_t reserved;
  /* The loss that was minimised, before its weight. */
  double loss;
  /* Mean negative log-likelihood per trained token, nats; and the variance over the tokens. */
  double nll;
  double nll_variance;
  /* L2 norm of this part's gradient over all trainable parameters, before weight, clipping and update. */
  double grad_norm;
  /* Mean token entropy, nats; NaN where it was not asked for. */
  double entropy;
  /* Share of tokens that the policy would have chosen greedily. */
  double mean_token_accuracy;
  /* Trained tokens. */
  uint64_t tokens;
} stepwise_sft_report;

/* What the RL part of a step measured. Growable. */
typedef struct stepwise_rl_report {
  uint32_t struct_size;
  uint32_t reserved;
  /* The loss that was minimised, before its weight. */
  double loss;
  /* L2 norm of this part's gradient over all trainable parameters, before weight, clipping and update. */
  double grad_norm;
  /* KL(policy || reference), k3, nats per token; NaN without a reference. */
  double kl;
  /* Mean token entropy, nats; NaN where it was not asked for. */
  double entropy;
  /* Mean and standard deviation of the total reward over the step. */
  double reward_mean;
  double reward_std;
  /* Share of samples that count as solved. */
  double success_rate;
  double advantage_mean;
  double advantage_variance;
  /* Share of groups whose rewards are all equal. */
  double frac_reward_zero_std;
  /* Mean completion length, tokens. */
  double completion_length;
  /* Trained tokens. */
  uint64_t tokens;
} stepwise_rl_report;

/* The latest periodic evaluation. Growable. */
typedef struct stepwise_evaluation {
  uint32_t struct_size;
  uint32_t reserved;
  /* After how many optimizer steps it was made. */
  uint64_t step;
  /* Share of held-out prompts that were solved, and its 95 % interval. */
  double accuracy;
  double low;
  double high;
  /* Prompts evaluated. */
  uint64_t count;
} stepwise_evaluation;

/* What happened in a step. A part that did not take place is NULL. Growable. */
typedef struct stepwise_step_report {
  uint32_t struct_size;
  /* STEPWISE_STEP_... */
  uint32_t kind;
  /* The optimizer step, 0-based. */
  uint64_t step;
  const stepwise_sft_report *sft;
  const stepwise_rl_report *rl;
  /* The probe, after STEPWISE_STEP_MEASURE. */
  const stepwise_sft_report *probe;
  /* Norm of the whole gradient before clipping; NaN after STEPWISE_STEP_MEASURE. */
  double grad_norm;
  /* Cosine between the SFT and the RL gradient; NaN where it was not asked for. */
  double gradient_cosine;
  /* The learning rate that was used. */
  double learning_rate;
  /* Tokens trained so far in the run. */
  uint64_t total_tokens;
  /* NULL where there was none yet. */
  const stepwise_evaluation *evaluation;
} stepwise_step_report;

/* ---- begin_step ------------------------------------------------------------------------------------------------------ */

/* What a strategy knows when it plans a step. Growable. */
typedef struct stepwise_step_context {
  uint32_t struct_size;
  /* How many STEPWISE_STEP_MEASURE plans were already carried out for this step. */
  uint32_t measurements;
  /* The optimizer step about to run, 0-based. */
  uint64_t step;
  /* How many optimizer steps the run has. */
  uint64_t horizon;
  /* The run's seed. */
  uint64_t seed;
  /* Steps with an SFT part alone, and with an RL part, so far. */
  uint64_t sft_steps;
  uint64_t rl_steps;
  /* The last reports, oldest first; use stepwise_history_at. */
  const stepwise_step_report *history;
  uint64_t history_count;
  uint64_t history_stride;
  /* A uniform draw in [0, 1), a pure function of (seed, step, item). [caller] */
  double (*uniform)(const struct stepwise_step_context *context, uint64_t item);
  void *host_data;
} stepwise_step_context;

/* The report at `index`, which is below `context->history_count`. */
static inline const stepwise_step_report *stepwise_history_at(const stepwise_step_context *context, uint64_t index) {
  return (const stepwise_step_report *)((const char *)context->history + index * context->history_stride);
}

/* Whose dataset rows by id are taken from. */
enum {
  /* The `demonstrations` slot. */
  STEPWISE_SLOT_DEMONSTRATIONS = 0,
  /* The `prompts` slot: rows whose groups were seen in `route`, each with its own demonstration. */
  STEPWISE_SLOT_PROMPTS = 1
};

/* A strategy's answer to "what is this step?". The host makes it and fills in the defaults; only `kind` must be set. It is
 * given for the call. The functions in it are the host's sinks, [caller]; each copies. Growable. */
typedef struct stepwise_step_plan {
  uint32_t struct_size;
  /* STEPWISE_STEP_... Starts as 0, which is no kind. */
  uint32_t kind;
  /* Weights of the two losses, finite and not negative. Default 1. */
  double sft_weight;
  double rl_weight;
  /* Multiplies the scheduled learning rate of this step, finite and not negative. Default 1. */
  double learning_rate_factor;
  /* Members of each prompt's group. Default 0: the configured `num_generations`. */
  uint32_t samples_per_prompt;
  /* Which set of optimizer moments the step uses. Default 0, the shared one. */
  uint32_t optimizer_slot;
  /* Gradient clip of this step, above 0. Default NaN: the configured `max_grad_norm`. */
  double max_grad_norm;
  /* Only rows whose difficulty lies in [low, high] are drawn. Defaults NaN: all. Both or none. */
  double difficulty_low;
  double difficulty_high;
  /* Not 0: before the step, the reference model becomes a copy of the policy. Default 0. */
  uint32_t snapshot_reference;
  uint32_t reserved;
  void *host_data;
  /* Appends rows for the SFT part, by id, in place of the next ones. */
  void (*add_example_ids)(struct stepwise_step_plan *plan, const uint64_t *ids, uint64_t count);
  /* Why, in one line, for the decision log. The last one holds. */
  void (*set_reason)(struct stepwise_step_plan *plan, stepwise_text reason);
  /* A number behind the decision, logged as `strategy/NAME`. */
  void (*add_diagnostic)(struct stepwise_step_plan *plan, stepwise_text name, double value);
  /* Whose rows the ids are: STEPWISE_SLOT_... Default the demonstrations'. */
  uint32_t example_slot;
  /* How many members of each group `route` will fill with the row's demonstration: so many fewer completions are sampled, and
   * the batch keeps its size. Below `samples_per_prompt`. Default 0. */
  uint32_t group_demonstrations;
  /* The step updates nothing where the norm of its gradient, before clipping, is above this. Above 0. Default NaN: it always
   * updates. */
  double skip_above_grad_norm;
} stepwise_step_plan;

/* ---- shape_rollout --------------------------------------------------------------------------------------------------- */

/* A prompt whose group is being sampled. Growable. */
typedef struct stepwise_rollout_request {
  uint32_t struct_size;
  /* How many samples the whole group will have. */
  uint32_t group_size;
  /* The optimizer step, 0-based. */
  uint64_t step;
  /* The prompt's position in the step. */
  uint64_t prompt;
  /* The row. */
  uint64_t example_id;
  /* Tokens of the row's own demonstration, with its EOS, as far as a completion may be long; none when it has none. */
  const int32_t *demonstration;
  uint64_t demonstration_count;
  /* Token offsets in the demonstration at which a reasoning step begins, ascending. */
  const uint64_t *step_boundaries;
  uint64_t step_boundary_count;
  /* Rewards of the samples so far, in order; NaN for an abstained one. */
  const double *rewards;
  uint64_t reward_count;
  /* A uniform draw in [0, 1), a pure function of (seed, step, prompt, item). [caller] */
  double (*uniform)(const struct stepwise_rollout_request *request, uint64_t item);
  void *host_data;
} stepwise_rollout_request;

/* The next micro-group: for each of its samples, how many demonstration tokens it starts with. Growable. */
typedef struct stepwise_rollout_shape {
  uint32_t struct_size;
  uint32_t reserved;
  /* Room for as many as are left in the group; each at most `demonstration_count`. */
  uint64_t *prefix_lengths;
  uint64_t capacity;
  /* The size of the micro-group, at least 1: the plugin sets it. */
  uint64_t count;
} stepwise_rollout_shape;

/* ---- route ----------------------------------------------------------------------------------------------------------- */

/* One prompt's scored group. Growable. */
typedef struct stepwise_prompt_group {
  uint32_t struct_size;
  /* Whether the row has a demonstration. */
  uint32_t has_demonstration;
  /* The row. */
  uint64_t example_id;
  /* Total reward of each sample; NaN where every reward abstained. */
  const double *rewards;
  /* Whether each sample counts as solved: 0 or 1. */
  const uint8_t *succeeded;
  uint64_t count;
} stepwise_prompt_group;

/* All prompts of a step after scoring. Growable. */
typedef struct stepwise_route_request {
  uint32_t struct_size;
  uint32_t reserved;
  /* The optimizer step, 0-based. */
  uint64_t step;
  /* The groups in the step's order; use stepwise_prompt_group_at. */
  const stepwise_prompt_group *prompts;
  uint64_t prompt_count;
  uint64_t prompt_stride;
} stepwise_route_request;

/* The group at `index`, which is below `request->prompt_count`. */
static inline const stepwise_prompt_group *stepwise_prompt_group_at(
    const stepwise_route_request *request, uint64_t index) {
  return (const stepwise_prompt_group *)((const char *)request->prompts + index * request->prompt_stride);
}

/* How a row's demonstration enters the step. */
enum {
  STEPWISE_DEMONSTRATION_NONE = 0,
  /* As a sequence of the SFT part. */
  STEPWISE_DEMONSTRATION_SFT = 1,
  /* As one more member of the group, with `demonstration_reward`. */
  STEPWISE_DEMONSTRATION_GROUP_MEMBER = 2
};

/* What becomes of one prompt. The host fills in the defaults. Growable. */
typedef struct stepwise_prompt_route {
  uint32_t struct_size;
  /* Whether the rollouts stay in the RL part. Default 1. */
  uint32_t keep_rollouts;
  /* STEPWISE_DEMONSTRATION_... Default none. */
  uint32_t demonstration;
  uint32_t reserved;
  /* Reward of the demonstration as a group member; NaN: what the run's own rewards say of it. Default 1. */
  double demonstration_reward;
  /* Multiplies the loss of everything this prompt contributes; finite and not negative. Default 1. */
  double weight;
} stepwise_prompt_route;

/* Where the routes go: one for each prompt, in order, made and filled with defaults by the host. Growable. */
typedef struct stepwise_routes {
  uint32_t struct_size;
  uint32_t reserved;
  stepwise_prompt_route *routes;
  /* Equal to the request's `prompt_count`. */
  uint64_t capacity;
  /* Bytes from one to the next; use stepwise_prompt_route_at. */
  uint64_t stride;
  /* How many were decided: the plugin sets it, to `capacity`. */
  uint64_t count;
} stepwise_routes;

/* The route at `index`, which is below `routes->capacity`. */
static inline stepwise_prompt_route *stepwise_prompt_route_at(stepwise_routes *routes, uint64_t index) {
  return (stepwise_prompt_route *)((char *)routes->routes + index * routes->stride);
}

/* ---- advantages ------------------------------------------------------------------------------------------------------ */

/* Rewards of all samples that take part in the RL part of a step. All arrays have `count` entries. Growable. */
typedef struct stepwise_advantage_request {
  uint32_t struct_size;
  uint32_t reserved;
  /* The optimizer step, 0-based. */
  uint64_t step;
  uint64_t count;
  /* Total reward of each sample; NaN where every reward abstained. */
  const double *rewards;
  /* The group of each sample: its prompt's position in the step. */
  const uint64_t *groups;
  /* Whether each sample is a demonstration: 0 or 1. */
  const uint8_t *is_demonstration;
} stepwise_advantage_request;

/* Room for real numbers. `count` is how many were written: the plugin sets it. Growable. */
typedef struct stepwise_real_buffer {
  uint32_t struct_size;
  uint32_t reserved;
  double *values;
  uint64_t capacity;
  uint64_t count;
} stepwise_real_buffer;

/* ---- step_weights ---------------------------------------------------------------------------------------------------- */

/* What a sequence of the step is. */
enum {
  /* A sampled completion in the RL part. */
  STEPWISE_SEQUENCE_ROLLOUT = 0,
  /* A demonstration in the SFT part. */
  STEPWISE_SEQUENCE_DEMONSTRATION = 1,
  /* A demonstration that is a member of an RL group. */
  STEPWISE_SEQUENCE_SCORED_DEMONSTRATION = 2
};

/* One sequence of the step, measured without gradients. Growable. */
typedef struct stepwise_sequence {
  uint32_t struct_size;
  /* STEPWISE_SEQUENCE_... */
  uint32_t kind;
  /* The prompt's position in the step, or -1 for a demonstration outside any group. */
  int64_t group;
  /* Trained tokens. */
  uint64_t tokens;
  /* Mean negative log-likelihood and mean entropy over its trained tokens, nats. */
  double nll;
  double entropy;
  /* Its advantage; 0 outside the RL part. */
  double advantage;
} stepwise_sequence;

/* The whole step after rollouts and routing, before any gradient. Growable. */
typedef struct stepwise_step_statistics {
  uint32_t struct_size;
  uint32_t reserved;
  /* The optimizer step, 0-based. */
  uint64_t step;
  /* Every sequence of the step; use stepwise_sequence_at. */
  const stepwise_sequence *sequences;
  uint64_t sequence_count;
  uint64_t sequence_stride;
} stepwise_step_statistics;

/* The sequence at `index`, which is below `statistics->sequence_count`. */
static inline const stepwise_sequence *stepwise_sequence_at(
    const stepwise_step_statistics *statistics, uint64_t index) {
  return (const stepwise_sequence *)((const char *)statistics->sequences + index * statistics->sequence_stride);
}

/* Weights of the parts, and of each sequence, all finite and not negative. Both parts must be set. Growable. */
typedef struct stepwise_step_weights {
  uint32_t struct_size;
  uint32_t reserved;
  double sft_weight;
  double rl_weight;
  /* Room for one factor for each sequence. */
  double *sequence_weights;
  uint64_t capacity;
  /* How many factors were written: 0 for 1 everywhere, or `capacity`. Starts at 0. */
  uint64_t count;
} stepwise_step_weights;

/* ---- token_weights --------------------------------------------------------------------------------------------------- */

/* What a trained token is. */
enum {
  /* Sampled by the policy. */
  STEPWISE_TOKEN_ROLLOUT = 0,
  /* Of a demonstration. */
  STEPWISE_TOKEN_DEMONSTRATION = 1,
  /* Of a demonstration's prefix that a rollout continues. */
  STEPWISE_TOKEN_HINT = 2
};

/* Every trained token of the step, sequence after sequence. Arrays of tokens have `token_count` entries. Growable. */
typedef struct stepwise_token_request {
  uint32_t struct_size;
  uint32_t reserved;
  /* The optimizer step, 0-based. */
  uint64_t step;
  uint64_t sequence_count;
  /* Start of each sequence in the token arrays; `sequence_count` + 1 entries, the last is `token_count`. */
  const uint64_t *sequence_starts;
  /* STEPWISE_SEQUENCE_... of each sequence. */
  const uint32_t *sequence_kinds;
  uint64_t token_count;
  /* log p under the policy as it stands, and under the policy that generated it (equal for demonstrations). */
  const float *log_probs;
  const float *old_log_probs;
  /* Entropy at each token, nats. */
  const float *entropies;
  const float *advantages;
  /* STEPWISE_TOKEN_... of each token. */
  const uint8_t *kinds;
  /* The host's own coefficient on the gradient of each token's log p, normalisers and weights included: the gradient of the
   * loss that is minimised, so negative where log p shall rise. */
  const float *coefficients;
  /* What one unit of each token's own loss weighs in the step's: normalisers and weights, 0 in a sequence that is masked out.
   * A hint has that of its sequence's sampled tokens, though the host's own coefficient of it is 0. */
  const float *scales;
  /* The share of the KL term in `coefficients`. */
  const float *kl_coefficients;
} stepwise_token_request;

/* Room for single-precision numbers. `count` is how many were written: the plugin sets it. Growable. */
typedef struct stepwise_float_buffer {
  uint32_t struct_size;
  uint32_t reserved;
  float *values;
  uint64_t capacity;
  uint64_t count;
} stepwise_float_buffer;

/* ---- The table ------------------------------------------------------------------------------------------------------- */

/* The functions of a strategy. All are [serial] and come from one thread; all arguments are given for the call; all are
 * optional but `begin_step`, and an absent one means what is said there, as does the answer STEPWISE_USE_DEFAULT from those
 * that have an output. Growable; it lives as long as the library. */
typedef struct stepwise_strategy {
  uint32_t struct_size;
  uint32_t reserved;

  /* Writes STEPWISE_NEEDS_... bits. Called once, after `init`. Absent: 0. A bit that the host does not know is an error. */
  stepwise_status (*requirements)(stepwise_instance *instance, uint64_t *needs, stepwise_error *error);

  /* What the step shall be. Called before any rollout, and again after each STEPWISE_STEP_MEASURE, which ends with an
   * `end_step` of its own. STEPWISE_USE_DEFAULT is not an answer here. Required. */
  stepwise_status (*begin_step)(
      stepwise_instance *instance, const stepwise_step_context *context, stepwise_step_plan *plan,
      stepwise_error *error);

  /* How the next samples of a prompt's group start; called again after each micro-group is scored, until the group is full.
   * Default: one group of plain rollouts. */
  stepwise_status (*shape_rollout)(
      stepwise_instance *instance, const stepwise_rollout_request *request, stepwise_rollout_shape *shape,
      stepwise_error *error);

  /* Which rollouts count, and where demonstrations enter. Default: keep all, add none. */
  stepwise_status (*route)(
      stepwise_instance *instance, const stepwise_route_request *request, stepwise_routes *routes,
      stepwise_error *error);

  /* Advantages of the whole step's samples: exactly as many as asked, finite. Default: those of the configuration. */
  stepwise_status (*advantages)(
      stepwise_instance *instance, const stepwise_advantage_request *request, stepwise_real_buffer *advantages,
      stepwise_error *error);

  /* Weights of the parts, after rollouts and routing. Default: those of the plan. */
  stepwise_status (*step_weights)(
      stepwise_instance *instance, const stepwise_step_statistics *statistics, stepwise_step_weights *weights,
      stepwise_error *error);

  /* Coefficients on the gradient of each token's log-probability: exactly as many as asked, finite. Default: the host's. */
  stepwise_status (*token_weights)(
      stepwise_instance *instance, const stepwise_token_request *request, stepwise_float_buffer *coefficients,
      stepwise_error *error);

  /* What happened: the strategy updates its state. Absent: nothing. */
  stepwise_status (*end_step)(
      stepwise_instance *instance, const stepwise_step_report *report, stepwise_error *error);
} stepwise_strategy;

#ifdef __cplusplus
}
#endif

#endif
