/* Sizes and offsets of every struct of ABI 1.0, as plugins out there were compiled with them.
 *
 * Made once by `.ci/abi-reference --layout` and kept as it is: a pin that does not hold is a change that breaks plugins. A later
 * minor version may append members, so that sizes may grow then; offsets never change. */
#include <stepwise/plugin.h>

#ifdef __cplusplus
#define ASSERT static_assert
#else
#define ASSERT _Static_assert
#endif

#if STEPWISE_ABI_MINOR == 0
#define SIZE(type, bytes) ASSERT(sizeof(type) == (bytes), "the size of " #type " has changed")
#else
#define SIZE(type, bytes) ASSERT(sizeof(type) >= (bytes), #type " has shrunk")
#endif
#define AT(type, member, offset) ASSERT(offsetof(type, member) == (offset), #type "." #member " has moved")

SIZE(stepwise_configuration, 64);
AT(stepwise_configuration, struct_size, 0);
AT(stepwise_configuration, reserved, 4);
AT(stepwise_configuration, host, 8);
AT(stepwise_configuration, component, 16);
AT(stepwise_configuration, label, 32);
AT(stepwise_configuration, parameters, 48);

SIZE(stepwise_factory, 104);
AT(stepwise_factory, struct_size, 0);
AT(stepwise_factory, kind, 4);
AT(stepwise_factory, id, 8);
AT(stepwise_factory, concurrency, 24);
AT(stepwise_factory, state_version, 28);
AT(stepwise_factory, table, 32);
AT(stepwise_factory, data, 40);
AT(stepwise_factory, create, 48);
AT(stepwise_factory, destroy, 56);
AT(stepwise_factory, init, 64);
AT(stepwise_factory, save, 72);
AT(stepwise_factory, load, 80);
AT(stepwise_factory, reconfigure, 88);
AT(stepwise_factory, extension, 96);

SIZE(stepwise_plugin, 96);
AT(stepwise_plugin, magic, 0);
AT(stepwise_plugin, abi_major, 8);
AT(stepwise_plugin, abi_minor, 12);
AT(stepwise_plugin, min_host_minor, 16);
AT(stepwise_plugin, struct_size, 20);
AT(stepwise_plugin, id, 24);
AT(stepwise_plugin, version, 40);
AT(stepwise_plugin, sdk, 56);
AT(stepwise_plugin, factories, 72);
AT(stepwise_plugin, factory_count, 80);
AT(stepwise_plugin, factory_stride, 88);

SIZE(stepwise_text, 16);
AT(stepwise_text, data, 0);
AT(stepwise_text, size, 8);

SIZE(stepwise_error, 32);
AT(stepwise_error, struct_size, 0);
AT(stepwise_error, reserved, 4);
AT(stepwise_error, message, 8);
AT(stepwise_error, capacity, 16);
AT(stepwise_error, size, 24);

SIZE(stepwise_message, 32);
AT(stepwise_message, role, 0);
AT(stepwise_message, content, 16);

SIZE(stepwise_value, 24);
AT(stepwise_value, type, 0);
AT(stepwise_value, reserved, 4);
AT(stepwise_value, data, 8);

SIZE(stepwise_column, 40);
AT(stepwise_column, name, 0);
AT(stepwise_column, value, 16);

SIZE(stepwise_example, 104);
AT(stepwise_example, struct_size, 0);
AT(stepwise_example, reserved, 4);
AT(stepwise_example, id, 8);
AT(stepwise_example, prompt, 16);
AT(stepwise_example, completion, 40);
AT(stepwise_example, difficulty, 64);
AT(stepwise_example, step_boundaries, 72);
AT(stepwise_example, step_boundary_count, 80);
AT(stepwise_example, columns, 88);
AT(stepwise_example, column_count, 96);

SIZE(stepwise_writer, 24);
AT(stepwise_writer, struct_size, 0);
AT(stepwise_writer, reserved, 4);
AT(stepwise_writer, context, 8);
AT(stepwise_writer, write, 16);

SIZE(stepwise_reader, 24);
AT(stepwise_reader, struct_size, 0);
AT(stepwise_reader, reserved, 4);
AT(stepwise_reader, context, 8);
AT(stepwise_reader, read, 16);

SIZE(stepwise_host, 128);
AT(stepwise_host, struct_size, 0);
AT(stepwise_host, reserved, 4);
AT(stepwise_host, abi_major, 8);
AT(stepwise_host, abi_minor, 12);
AT(stepwise_host, context, 16);
AT(stepwise_host, log, 24);
AT(stepwise_host, metric, 32);
AT(stepwise_host, allocate, 40);
AT(stepwise_host, deallocate, 48);
AT(stepwise_host, cancelled, 56);
AT(stepwise_host, remaining, 64);
AT(stepwise_host, uniform, 72);
AT(stepwise_host, parallel_for, 80);
AT(stepwise_host, resource_directory, 88);
AT(stepwise_host, encode, 96);
AT(stepwise_host, decode, 104);
AT(stepwise_host, log_probabilities, 112);
AT(stepwise_host, extension, 120);

SIZE(stepwise_reward_description, 56);
AT(stepwise_reward_description, struct_size, 0);
AT(stepwise_reward_description, required_column_count, 4);
AT(stepwise_reward_description, name, 8);
AT(stepwise_reward_description, minimum, 24);
AT(stepwise_reward_description, maximum, 32);
AT(stepwise_reward_description, success_threshold, 40);
AT(stepwise_reward_description, required_columns, 48);

SIZE(stepwise_reward_item, 88);
AT(stepwise_reward_item, struct_size, 0);
AT(stepwise_reward_item, flags, 4);
AT(stepwise_reward_item, id, 8);
AT(stepwise_reward_item, example, 16);
AT(stepwise_reward_item, prompt, 24);
AT(stepwise_reward_item, completion, 40);
AT(stepwise_reward_item, completion_with_special_tokens, 56);
AT(stepwise_reward_item, completion_ids, 72);
AT(stepwise_reward_item, completion_id_count, 80);

SIZE(stepwise_reward_batch, 48);
AT(stepwise_reward_batch, struct_size, 0);
AT(stepwise_reward_batch, reserved, 4);
AT(stepwise_reward_batch, step, 8);
AT(stepwise_reward_batch, seed, 16);
AT(stepwise_reward_batch, count, 24);
AT(stepwise_reward_batch, item_stride, 32);
AT(stepwise_reward_batch, items, 40);

SIZE(stepwise_score, 24);
AT(stepwise_score, item, 0);
AT(stepwise_score, value, 8);
AT(stepwise_score, status, 16);
AT(stepwise_score, reserved, 20);

SIZE(stepwise_reward_results, 48);
AT(stepwise_reward_results, struct_size, 0);
AT(stepwise_reward_results, reserved, 4);
AT(stepwise_reward_results, scores, 8);
AT(stepwise_reward_results, capacity, 16);
AT(stepwise_reward_results, count, 24);
AT(stepwise_reward_results, explain, 32);
AT(stepwise_reward_results, context, 40);

SIZE(stepwise_answer_sink, 24);
AT(stepwise_answer_sink, struct_size, 0);
AT(stepwise_answer_sink, reserved, 4);
AT(stepwise_answer_sink, context, 8);
AT(stepwise_answer_sink, set, 16);

SIZE(stepwise_reward, 32);
AT(stepwise_reward, struct_size, 0);
AT(stepwise_reward, reserved, 4);
AT(stepwise_reward, describe, 8);
AT(stepwise_reward, score, 16);
AT(stepwise_reward, answers, 24);

SIZE(stepwise_dataset_description, 16);
AT(stepwise_dataset_description, struct_size, 0);
AT(stepwise_dataset_description, reserved, 4);
AT(stepwise_dataset_description, count, 8);

SIZE(stepwise_row_sink, 24);
AT(stepwise_row_sink, struct_size, 0);
AT(stepwise_row_sink, reserved, 4);
AT(stepwise_row_sink, context, 8);
AT(stepwise_row_sink, row, 16);

SIZE(stepwise_dataset, 48);
AT(stepwise_dataset, struct_size, 0);
AT(stepwise_dataset, reserved, 4);
AT(stepwise_dataset, describe, 8);
AT(stepwise_dataset, read, 16);
AT(stepwise_dataset, next, 24);
AT(stepwise_dataset, seek, 32);
AT(stepwise_dataset, begin_epoch, 40);

SIZE(stepwise_sft_report, 64);
AT(stepwise_sft_report, struct_size, 0);
AT(stepwise_sft_report, reserved, 4);
AT(stepwise_sft_report, loss, 8);
AT(stepwise_sft_report, nll, 16);
AT(stepwise_sft_report, nll_variance, 24);
AT(stepwise_sft_report, grad_norm, 32);
AT(stepwise_sft_report, entropy, 40);
AT(stepwise_sft_report, mean_token_accuracy, 48);
AT(stepwise_sft_report, tokens, 56);

SIZE(stepwise_rl_report, 104);
AT(stepwise_rl_report, struct_size, 0);
AT(stepwise_rl_report, reserved, 4);
AT(stepwise_rl_report, loss, 8);
AT(stepwise_rl_report, grad_norm, 16);
AT(stepwise_rl_report, kl, 24);
AT(stepwise_rl_report, entropy, 32);
AT(stepwise_rl_report, reward_mean, 40);
AT(stepwise_rl_report, reward_std, 48);
AT(stepwise_rl_report, success_rate, 56);
AT(stepwise_rl_report, advantage_mean, 64);
AT(stepwise_rl_report, advantage_variance, 72);
AT(stepwise_rl_report, frac_reward_zero_std, 80);
AT(stepwise_rl_report, completion_length, 88);
AT(stepwise_rl_report, tokens, 96);

SIZE(stepwise_evaluation, 48);
AT(stepwise_evaluation, struct_size, 0);
AT(stepwise_evaluation, reserved, 4);
AT(stepwise_evaluation, step, 8);
AT(stepwise_evaluation, accuracy, 16);
AT(stepwise_evaluation, low, 24);
AT(stepwise_evaluation, high, 32);
AT(stepwise_evaluation, count, 40);

SIZE(stepwise_step_report, 80);
AT(stepwise_step_report, struct_size, 0);
AT(stepwise_step_report, kind, 4);
AT(stepwise_step_report, step, 8);
AT(stepwise_step_report, sft, 16);
AT(stepwise_step_report, rl, 24);
AT(stepwise_step_report, probe, 32);
AT(stepwise_step_report, grad_norm, 40);
AT(stepwise_step_report, gradient_cosine, 48);
AT(stepwise_step_report, learning_rate, 56);
AT(stepwise_step_report, total_tokens, 64);
AT(stepwise_step_report, evaluation, 72);

SIZE(stepwise_step_context, 88);
AT(stepwise_step_context, struct_size, 0);
AT(stepwise_step_context, measurements, 4);
AT(stepwise_step_context, step, 8);
AT(stepwise_step_context, horizon, 16);
AT(stepwise_step_context, seed, 24);
AT(stepwise_step_context, sft_steps, 32);
AT(stepwise_step_context, rl_steps, 40);
AT(stepwise_step_context, history, 48);
AT(stepwise_step_context, history_count, 56);
AT(stepwise_step_context, history_stride, 64);
AT(stepwise_step_context, uniform, 72);
AT(stepwise_step_context, host_data, 80);

SIZE(stepwise_step_plan, 120);
AT(stepwise_step_plan, struct_size, 0);
AT(stepwise_step_plan, kind, 4);
AT(stepwise_step_plan, sft_weight, 8);
AT(stepwise_step_plan, rl_weight, 16);
AT(stepwise_step_plan, learning_rate_factor, 24);
AT(stepwise_step_plan, samples_per_prompt, 32);
AT(stepwise_step_plan, optimizer_slot, 36);
AT(stepwise_step_plan, max_grad_norm, 40);
AT(stepwise_step_plan, difficulty_low, 48);
AT(stepwise_step_plan, difficulty_high, 56);
AT(stepwise_step_plan, snapshot_reference, 64);
AT(stepwise_step_plan, reserved, 68);
AT(stepwise_step_plan, host_data, 72);
AT(stepwise_step_plan, add_example_ids, 80);
AT(stepwise_step_plan, set_reason, 88);
AT(stepwise_step_plan, add_diagnostic, 96);
AT(stepwise_step_plan, example_slot, 104);
AT(stepwise_step_plan, group_demonstrations, 108);
AT(stepwise_step_plan, skip_above_grad_norm, 112);

SIZE(stepwise_rollout_request, 96);
AT(stepwise_rollout_request, struct_size, 0);
AT(stepwise_rollout_request, group_size, 4);
AT(stepwise_rollout_request, step, 8);
AT(stepwise_rollout_request, prompt, 16);
AT(stepwise_rollout_request, example_id, 24);
AT(stepwise_rollout_request, demonstration, 32);
AT(stepwise_rollout_request, demonstration_count, 40);
AT(stepwise_rollout_request, step_boundaries, 48);
AT(stepwise_rollout_request, step_boundary_count, 56);
AT(stepwise_rollout_request, rewards, 64);
AT(stepwise_rollout_request, reward_count, 72);
AT(stepwise_rollout_request, uniform, 80);
AT(stepwise_rollout_request, host_data, 88);

SIZE(stepwise_rollout_shape, 32);
AT(stepwise_rollout_shape, struct_size, 0);
AT(stepwise_rollout_shape, reserved, 4);
AT(stepwise_rollout_shape, prefix_lengths, 8);
AT(stepwise_rollout_shape, capacity, 16);
AT(stepwise_rollout_shape, count, 24);

SIZE(stepwise_prompt_group, 40);
AT(stepwise_prompt_group, struct_size, 0);
AT(stepwise_prompt_group, has_demonstration, 4);
AT(stepwise_prompt_group, example_id, 8);
AT(stepwise_prompt_group, rewards, 16);
AT(stepwise_prompt_group, succeeded, 24);
AT(stepwise_prompt_group, count, 32);

SIZE(stepwise_route_request, 40);
AT(stepwise_route_request, struct_size, 0);
AT(stepwise_route_request, reserved, 4);
AT(stepwise_route_request, step, 8);
AT(stepwise_route_request, prompts, 16);
AT(stepwise_route_request, prompt_count, 24);
AT(stepwise_route_request, prompt_stride, 32);

SIZE(stepwise_prompt_route, 32);
AT(stepwise_prompt_route, struct_size, 0);
AT(stepwise_prompt_route, keep_rollouts, 4);
AT(stepwise_prompt_route, demonstration, 8);
AT(stepwise_prompt_route, reserved, 12);
AT(stepwise_prompt_route, demonstration_reward, 16);
AT(stepwise_prompt_route, weight, 24);

SIZE(stepwise_routes, 40);
AT(stepwise_routes, struct_size, 0);
AT(stepwise_routes, reserved, 4);
AT(stepwise_routes, routes, 8);
AT(stepwise_routes, capacity, 16);
AT(stepwise_routes, stride, 24);
AT(stepwise_routes, count, 32);

SIZE(stepwise_advantage_request, 48);
AT(stepwise_advantage_request, struct_size, 0);
AT(stepwise_advantage_request, reserved, 4);
AT(stepwise_advantage_request, step, 8);
AT(stepwise_advantage_request, count, 16);
AT(stepwise_advantage_request, rewards, 24);
AT(stepwise_advantage_request, groups, 32);
AT(stepwise_advantage_request, is_demonstration, 40);

SIZE(stepwise_real_buffer, 32);
AT(stepwise_real_buffer, struct_size, 0);
AT(stepwise_real_buffer, reserved, 4);
AT(stepwise_real_buffer, values, 8);
AT(stepwise_real_buffer, capacity, 16);
AT(stepwise_real_buffer, count, 24);

SIZE(stepwise_sequence, 48);
AT(stepwise_sequence, struct_size, 0);
AT(stepwise_sequence, kind, 4);
AT(stepwise_sequence, group, 8);
AT(stepwise_sequence, tokens, 16);
AT(stepwise_sequence, nll, 24);
AT(stepwise_sequence, entropy, 32);
AT(stepwise_sequence, advantage, 40);

SIZE(stepwise_step_statistics, 40);
AT(stepwise_step_statistics, struct_size, 0);
AT(stepwise_step_statistics, reserved, 4);
AT(stepwise_step_statistics, step, 8);
AT(stepwise_step_statistics, sequences, 16);
AT(stepwise_step_statistics, sequence_count, 24);
AT(stepwise_step_statistics, sequence_stride, 32);

SIZE(stepwise_step_weights, 48);
AT(stepwise_step_weights, struct_size, 0);
AT(stepwise_step_weights, reserved, 4);
AT(stepwise_step_weights, sft_weight, 8);
AT(stepwise_step_weights, rl_weight, 16);
AT(stepwise_step_weights, sequence_weights, 24);
AT(stepwise_step_weights, capacity, 32);
AT(stepwise_step_weights, count, 40);

SIZE(stepwise_token_request, 112);
AT(stepwise_token_request, struct_size, 0);
AT(stepwise_token_request, reserved, 4);
AT(stepwise_token_request, step, 8);
AT(stepwise_token_request, sequence_count, 16);
AT(stepwise_token_request, sequence_starts, 24);
AT(stepwise_token_request, sequence_kinds, 32);
AT(stepwise_token_request, token_count, 40);
AT(stepwise_token_request, log_probs, 48);
AT(stepwise_token_request, old_log_probs, 56);
AT(stepwise_token_request, entropies, 64);
AT(stepwise_token_request, advantages, 72);
AT(stepwise_token_request, kinds, 80);
AT(stepwise_token_request, coefficients, 88);
AT(stepwise_token_request, scales, 96);
AT(stepwise_token_request, kl_coefficients, 104);

SIZE(stepwise_float_buffer, 32);
AT(stepwise_float_buffer, struct_size, 0);
AT(stepwise_float_buffer, reserved, 4);
AT(stepwise_float_buffer, values, 8);
AT(stepwise_float_buffer, capacity, 16);
AT(stepwise_float_buffer, count, 24);

SIZE(stepwise_strategy, 72);
AT(stepwise_strategy, struct_size, 0);
AT(stepwise_strategy, reserved, 4);
AT(stepwise_strategy, requirements, 8);
AT(stepwise_strategy, begin_step, 16);
AT(stepwise_strategy, shape_rollout, 24);
AT(stepwise_strategy, route, 32);
AT(stepwise_strategy, advantages, 40);
AT(stepwise_strategy, step_weights, 48);
AT(stepwise_strategy, token_weights, 56);
AT(stepwise_strategy, end_step, 64);
