/* Strategies in C++. A class has
 *
 *     explicit T(const stepwise::Parameters &);
 *     std::uint64_t needs() const;                                  STEPWISE_NEEDS_... bits
 *     stepwise::Plan begin_step(const stepwise_step_context &);     what the step shall be
 *
 * and may have
 *
 *     void end_step(const stepwise_step_report &);                  what happened
 *
 * The other hooks of strategy.h are for the C tables. */
#ifndef STEPWISE_CPP_STRATEGY_HPP
#define STEPWISE_CPP_STRATEGY_HPP

#include <limits>
#include <vector>

#include "component.hpp"

namespace stepwise {

/* What a step shall be. */
struct Plan {
  /* STEPWISE_STEP_... */
  std::uint32_t kind = STEPWISE_STEP_SFT;
  /* Why, in one line, for the decision log. */
  std::string reason;
  double sft_weight = 1;
  double rl_weight = 1;
  double learning_rate_factor = 1;
  /* 0: the configured num_generations. */
  std::uint32_t samples_per_prompt = 0;
  /* Numbers behind the decision. */
  std::vector<std::pair<std::string, double>> diagnostics;
};

namespace detail {

template <class, class = void>
struct can_end_step : std::false_type {};
template <class T>
struct can_end_step<T, std::void_t<decltype(std::declval<T &>().end_step(std::declval<const stepwise_step_report &>()))>>
    : std::true_type {};

template <class T>
stepwise_status requirements(stepwise_instance *instance, std::uint64_t *needs, stepwise_error *error) noexcept {
  return guarded(error, [&] { *needs = part<T>(instance).needs(); });
}

template <class T>
stepwise_status begin_step(
    stepwise_instance *instance, const stepwise_step_context *context, stepwise_step_plan *plan,
    stepwise_error *error) noexcept {
  return guarded(error, [&] {
    const Plan made = part<T>(instance).begin_step(*context);
    plan->kind = made.kind;
    plan->sft_weight = made.sft_weight;
    plan->rl_weight = made.rl_weight;
    plan->learning_rate_factor = made.learning_rate_factor;
    plan->samples_per_prompt = made.samples_per_prompt;
    plan->set_reason(plan, text(made.reason));
    for (const auto &diagnostic : made.diagnostics) plan->add_diagnostic(plan, text(diagnostic.first), diagnostic.second);
  });
}

template <class T>
stepwise_status end_step(
    stepwise_instance *instance, const stepwise_step_report *report, stepwise_error *error) noexcept {
  return guarded(error, [&] { part<T>(instance).end_step(*report); });
}

}  // namespace detail

template <class T>
stepwise_strategy strategy_table() noexcept {
  stepwise_strategy table = {};
  table.struct_size = sizeof table;
  table.requirements = detail::requirements<T>;
  table.begin_step = detail::begin_step<T>;
  if constexpr (detail::can_end_step<T>::value) table.end_step = detail::end_step<T>;
  return table;
}

}  // namespace stepwise

#endif
