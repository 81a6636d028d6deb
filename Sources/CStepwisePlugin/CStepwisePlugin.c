/* The ABI is headers alone; this file checks, at the host's own build, what they promise about layout. */
#include "stepwise/plugin.h"

#include "stepwise/easy.h"

#define FROZEN(type, size) _Static_assert(sizeof(type) == (size), #type " is frozen at " #size " bytes")
#define SIZE_FIRST(type) _Static_assert(offsetof(type, struct_size) == 0, #type " starts with struct_size")
/* The host copies a table in whole 8-byte words up to the declared size: no member may straddle two of them. */
#define WORDS(type) _Static_assert(sizeof(type) % 8 == 0, #type " is made of 8-byte words")
#define GROWABLE(type) \
  SIZE_FIRST(type);    \
  WORDS(type)

FROZEN(stepwise_text, 16);
FROZEN(stepwise_message, 32);
FROZEN(stepwise_value, 24);
FROZEN(stepwise_column, 40);
FROZEN(stepwise_score, 24);

_Static_assert(offsetof(stepwise_plugin, magic) == 0, "handshake");
_Static_assert(offsetof(stepwise_plugin, abi_major) == 8, "handshake");
_Static_assert(offsetof(stepwise_plugin, abi_minor) == 12, "handshake");
_Static_assert(offsetof(stepwise_plugin, min_host_minor) == 16, "handshake");
_Static_assert(offsetof(stepwise_plugin, struct_size) == 20, "handshake");
WORDS(stepwise_plugin);

GROWABLE(stepwise_error);
GROWABLE(stepwise_example);
GROWABLE(stepwise_writer);
GROWABLE(stepwise_reader);
GROWABLE(stepwise_host);
GROWABLE(stepwise_configuration);
GROWABLE(stepwise_factory);
GROWABLE(stepwise_reward);
GROWABLE(stepwise_reward_description);
GROWABLE(stepwise_reward_item);
GROWABLE(stepwise_reward_batch);
GROWABLE(stepwise_reward_results);
GROWABLE(stepwise_answer_sink);
GROWABLE(stepwise_dataset);
GROWABLE(stepwise_dataset_description);
GROWABLE(stepwise_row_sink);
GROWABLE(stepwise_strategy);
GROWABLE(stepwise_sft_report);
GROWABLE(stepwise_rl_report);
GROWABLE(stepwise_evaluation);
GROWABLE(stepwise_step_report);
GROWABLE(stepwise_step_context);
GROWABLE(stepwise_step_plan);
GROWABLE(stepwise_rollout_request);
GROWABLE(stepwise_rollout_shape);
GROWABLE(stepwise_prompt_group);
GROWABLE(stepwise_route_request);
GROWABLE(stepwise_prompt_route);
GROWABLE(stepwise_routes);
GROWABLE(stepwise_advantage_request);
GROWABLE(stepwise_real_buffer);
GROWABLE(stepwise_sequence);
GROWABLE(stepwise_step_statistics);
GROWABLE(stepwise_step_weights);
GROWABLE(stepwise_token_request);
GROWABLE(stepwise_float_buffer);
