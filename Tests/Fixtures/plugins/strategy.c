/* A strategy with every hook. It answers with numbers computed from all that it is shown, so that a field that is lost or
 * swapped on the way shows; FAULT makes one answer break a rule. Its state is one number, without any frame. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <stepwise/plugin.h>

enum {
  NO_FAULT,
  KIND_UNSET,
  WEIGHT_NEGATIVE,
  CLIP_ZERO,
  WINDOW_REVERSED,
  SLOT_UNKNOWN,
  SKIP_NEGATIVE,
  BEGIN_DEFAULT,
  PREFIX_TOO_LONG,
  GROUP_TOO_LARGE,
  GROUP_EMPTY,
  ROUTES_TOO_FEW,
  ROUTE_WITHOUT_DEMONSTRATION,
  ROUTE_UNKNOWN,
  ROUTE_WEIGHT_NAN,
  ADVANTAGE_TOO_FEW,
  ADVANTAGE_ONE,
  ADVANTAGE_NAN,
  ADVANTAGE_PAST_END,
  WEIGHTS_UNSET,
  WEIGHTS_TOO_FEW,
  TOKEN_INFINITE,
  TOKEN_TOO_FEW,
  UNKNOWN_NEED,
  NEED_NOT_IN_MANIFEST,
  END_FAILS
};

#ifndef FAULT
#define FAULT NO_FAULT
#endif

struct stepwise_instance {
  double sum;
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

static stepwise_status save(stepwise_instance *instance, const stepwise_writer *writer, stepwise_error *error) {
  (void)error;
  return writer->write(writer, &instance->sum, sizeof(double));
}

static stepwise_status load(
    stepwise_instance *instance, uint32_t version, const stepwise_reader *reader, stepwise_error *error) {
  char bytes[9];
  uint64_t size = 0, got;
  if (version != 3) return stepwise_fail(error, STEPWISE_ERROR_STATE, "the version is not 3");
  do {
    stepwise_status status = reader->read(reader, bytes + size, sizeof(bytes) - size, &got);
    if (status != STEPWISE_OK) return status;
    size += got;
  } while (got > 0 && size < sizeof(bytes));
  if (size != 8) return stepwise_fail(error, STEPWISE_ERROR_STATE, "the state is not 8 bytes");
  memcpy(&instance->sum, bytes, 8);
  return STEPWISE_OK;
}

static stepwise_status requirements(stepwise_instance *instance, uint64_t *needs, stepwise_error *error) {
  (void)instance;
  (void)error;
  *needs = STEPWISE_NEEDS_KL | STEPWISE_NEEDS_STATISTICS_PASS;
  if (FAULT == UNKNOWN_NEED) *needs |= 1ULL << 60;
  if (FAULT == NEED_NOT_IN_MANIFEST) *needs |= STEPWISE_NEEDS_PROBE;
  return STEPWISE_OK;
}

static void note(stepwise_step_plan *plan, const char *name, double value) {
  plan->add_diagnostic(plan, stepwise_text_of(name), value);
}

static void note_sft(stepwise_step_plan *plan, const char *part, const stepwise_sft_report *report) {
  char name[64];
  const double values[7] = {
      report->loss, report->nll, report->nll_variance, report->grad_norm, report->entropy,
      report->mean_token_accuracy, (double)report->tokens};
  int i;
  for (i = 0; i < 7; i++) {
    snprintf(name, sizeof(name), "%s.%d", part, i);
    note(plan, name, values[i]);
  }
}

static void note_report(stepwise_step_plan *plan, const stepwise_step_report *report) {
  note(plan, "step", (double)report->step);
  note(plan, "kind", report->kind);
  note(plan, "grad_norm", report->grad_norm);
  note(plan, "gradient_cosine", report->gradient_cosine);
  note(plan, "learning_rate", report->learning_rate);
  note(plan, "total_tokens", (double)report->total_tokens);
  if (report->sft != NULL) note_sft(plan, "sft", report->sft);
  if (report->probe != NULL) note_sft(plan, "probe", report->probe);
  if (report->rl != NULL) {
    const stepwise_rl_report *rl = report->rl;
    const double values[12] = {
        rl->loss, rl->grad_norm, rl->kl, rl->entropy, rl->reward_mean, rl->reward_std, rl->success_rate,
        rl->advantage_mean, rl->advantage_variance, rl->frac_reward_zero_std, rl->completion_length,
        (double)rl->tokens};
    char name[64];
    int i;
    for (i = 0; i < 12; i++) {
      snprintf(name, sizeof(name), "rl.%d", i);
      note(plan, name, values[i]);
    }
  }
  if (report->evaluation != NULL) {
    note(plan, "quiz.step", (double)report->evaluation->step);
    note(plan, "quiz.accuracy", report->evaluation->accuracy);
    note(plan, "quiz.low", report->evaluation->low);
    note(plan, "quiz.high", report->evaluation->high);
    note(plan, "quiz.count", (double)report->evaluation->count);
  }
}

static stepwise_status begin_step(
    stepwise_instance *instance, const stepwise_step_context *context, stepwise_step_plan *plan,
    stepwise_error *error) {
  uint64_t i;
  (void)error;
  if (FAULT == BEGIN_DEFAULT) return STEPWISE_USE_DEFAULT;
  if (FAULT == KIND_UNSET) return STEPWISE_OK;
  plan->kind = STEPWISE_STEP_BOTH;
  if (context->step == 0) return STEPWISE_OK; /* all defaults */
  plan->sft_weight = FAULT == WEIGHT_NEGATIVE ? -1 : (double)context->sft_steps;
  plan->rl_weight = (double)context->rl_steps;
  plan->learning_rate_factor = context->uniform(context, 7);
  plan->samples_per_prompt = context->measurements;
  plan->optimizer_slot = (uint32_t)context->history_count;
  plan->max_grad_norm = FAULT == CLIP_ZERO ? 0 : (double)context->horizon;
  plan->difficulty_low = FAULT == WINDOW_REVERSED ? 1e9 : 2;
  plan->difficulty_high = (double)context->step;
  plan->snapshot_reference = 1;
  plan->example_slot = FAULT == SLOT_UNKNOWN ? 2 : STEPWISE_SLOT_PROMPTS;
  plan->group_demonstrations = 3;
  plan->skip_above_grad_norm = FAULT == SKIP_NEGATIVE ? -1 : 12.5;
  plan->add_example_ids(plan, &context->seed, 1);
  plan->add_example_ids(plan, &context->horizon, 1);
  plan->set_reason(plan, stepwise_text_of("because"));
  note(plan, "state", instance->sum);
  for (i = 0; i < context->history_count; i++) note_report(plan, stepwise_history_at(context, i));
  return STEPWISE_OK;
}

static stepwise_status shape_rollout(
    stepwise_instance *instance, const stepwise_rollout_request *request, stepwise_rollout_shape *shape,
    stepwise_error *error) {
  uint64_t sum = 0, i;
  (void)instance;
  (void)error;
  if (request->group_size == 1) return STEPWISE_USE_DEFAULT;
  for (i = 0; i < request->reward_count; i++) sum += isnan(request->rewards[i]) ? 1 : (uint64_t)request->rewards[i];
  shape->prefix_lengths[0] = FAULT == PREFIX_TOO_LONG ? request->demonstration_count + 1 : request->demonstration_count;
  shape->prefix_lengths[1] = request->step_boundaries[request->step_boundary_count - 1];
  shape->prefix_lengths[2] = sum;
  shape->prefix_lengths[3] = (uint64_t)(request->uniform(request, 3) * 4);
  shape->prefix_lengths[4] = request->example_id + request->prompt + request->step + (uint64_t)request->demonstration[0];
  shape->count = FAULT == GROUP_TOO_LARGE ? shape->capacity + 1 : FAULT == GROUP_EMPTY ? 0 : 5;
  return STEPWISE_OK;
}

static stepwise_status route(
    stepwise_instance *instance, const stepwise_route_request *request, stepwise_routes *routes,
    stepwise_error *error) {
  uint64_t i, j;
  (void)instance;
  (void)error;
  for (i = 0; i < request->prompt_count; i++) {
    const stepwise_prompt_group *group = stepwise_prompt_group_at(request, i);
    stepwise_prompt_route *answer = stepwise_prompt_route_at(routes, i);
    answer->keep_rollouts = 0;
    answer->demonstration_reward = 0;
    for (j = 0; j < group->count; j++) {
      if (group->succeeded[j]) answer->keep_rollouts = 1;
      answer->demonstration_reward += isnan(group->rewards[j]) ? -100 : group->rewards[j];
    }
    if (group->count == 1) answer->demonstration_reward = NAN;
    answer->demonstration =
        group->has_demonstration || FAULT == ROUTE_WITHOUT_DEMONSTRATION ? STEPWISE_DEMONSTRATION_SFT : STEPWISE_DEMONSTRATION_NONE;
    if (FAULT == ROUTE_UNKNOWN) answer->demonstration = 8;
    answer->weight = FAULT == ROUTE_WEIGHT_NAN ? NAN : (double)(group->example_id + request->step);
  }
  routes->count = FAULT == ROUTES_TOO_FEW ? 1 : request->prompt_count;
  return STEPWISE_OK;
}

static stepwise_status advantages(
    stepwise_instance *instance, const stepwise_advantage_request *request, stepwise_real_buffer *output,
    stepwise_error *error) {
  uint64_t i;
  (void)instance;
  (void)error;
  for (i = 0; i < request->count; i++) {
    output->values[i] = (isnan(request->rewards[i]) ? -7 : request->rewards[i]) + 10 * (double)request->groups[i] +
                        (request->is_demonstration[i] ? 1000 : 0) + 1e6 * (double)request->step;
  }
  if (FAULT == ADVANTAGE_NAN) output->values[1] = NAN;
  if (FAULT == ADVANTAGE_PAST_END) output->values[request->count] = 1;
  output->count = FAULT == ADVANTAGE_TOO_FEW ? request->count - 1 : FAULT == ADVANTAGE_ONE ? 1 : request->count;
  return STEPWISE_OK;
}

static stepwise_status step_weights(
    stepwise_instance *instance, const stepwise_step_statistics *statistics, stepwise_step_weights *weights,
    stepwise_error *error) {
  uint64_t i;
  (void)instance;
  (void)error;
  if (FAULT == WEIGHTS_UNSET) return STEPWISE_OK;
  weights->sft_weight = (double)statistics->step;
  weights->rl_weight = 0.25;
  for (i = 0; i < statistics->sequence_count; i++) {
    const stepwise_sequence *sequence = stepwise_sequence_at(statistics, i);
    weights->sequence_weights[i] = sequence->kind + (double)(sequence->group + 1) * 10 + (double)sequence->tokens * 100 +
                                   sequence->nll + 2 * sequence->entropy + 4 * sequence->advantage;
  }
  weights->count = FAULT == WEIGHTS_TOO_FEW ? 1 : statistics->sequence_count;
  return STEPWISE_OK;
}

static stepwise_status token_weights(
    stepwise_instance *instance, const stepwise_token_request *request, stepwise_float_buffer *output,
    stepwise_error *error) {
  uint64_t sequence, i;
  (void)instance;
  (void)error;
  for (sequence = 0; sequence < request->sequence_count; sequence++) {
    for (i = request->sequence_starts[sequence]; i < request->sequence_starts[sequence + 1]; i++) {
      output->values[i] = request->log_probs[i] + 2 * request->old_log_probs[i] + 4 * request->entropies[i] +
                          8 * request->advantages[i] + 16 * request->coefficients[i] + 100.0f * request->kinds[i] +
                          1000.0f * (float)request->sequence_kinds[sequence] + 2e4f * request->scales[i] +
                          2e5f * request->kl_coefficients[i];
    }
  }
  if (FAULT == TOKEN_INFINITE) output->values[0] = INFINITY;
  output->count = FAULT == TOKEN_TOO_FEW ? 1 : request->token_count;
  return STEPWISE_OK;
}

static stepwise_status end_step(
    stepwise_instance *instance, const stepwise_step_report *report, stepwise_error *error) {
  if (FAULT == END_FAILS) return stepwise_fail(error, STEPWISE_ERROR, "cannot remember");
  instance->sum += report->grad_norm;
  return STEPWISE_OK;
}

static const stepwise_strategy table = {
    sizeof(stepwise_strategy), 0, requirements, begin_step, shape_rollout, route, advantages, step_weights,
    token_weights, end_step};

static const stepwise_factory factory = {
    .struct_size = sizeof(stepwise_factory),
    .kind = STEPWISE_KIND_STRATEGY,
    .id = {"org.stepwise.fixture.strategy", 29},
    .state_version = 3,
    .table = &table,
    .create = create,
    .destroy = destroy,
    .save = save,
    .load = load,
};

static const stepwise_plugin plugin = {
    STEPWISE_PLUGIN_MAGIC, STEPWISE_ABI_MAJOR, STEPWISE_ABI_MINOR, 0, sizeof(stepwise_plugin),
    {"org.stepwise.fixture.strategy", 29}, {"1.0.0", 5}, {NULL, 0}, &factory, 1, sizeof(stepwise_factory)};

STEPWISE_EXPORT const stepwise_plugin *stepwise_plugin_entry(void) { return &plugin; }
