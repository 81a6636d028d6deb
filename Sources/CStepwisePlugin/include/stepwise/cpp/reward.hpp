/* Rewards in C++. A class has
 *
 *     explicit T(const stepwise::Parameters &);
 *     stepwise::RewardDeclaration declaration() const;
 *     stepwise::Score score(const stepwise::RewardItem &) const;
 *
 * An exception from `score` fails its item with the message; stepwise::abstained is neither for nor against. */
#ifndef STEPWISE_CPP_REWARD_HPP
#define STEPWISE_CPP_REWARD_HPP

#include <limits>
#include <optional>

#include "component.hpp"

namespace stepwise {

/* What a reward declares about itself. */
struct RewardDeclaration {
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  /* A score from here upwards counts as solved; NaN where the reward does not measure success. */
  double success_threshold = std::numeric_limits<double>::quiet_NaN();
  /* The one column that every row must have, as a literal; nullptr for none. */
  const char *required_column = nullptr;
};

/* A score, or abstained. */
using Score = std::optional<double>;
inline constexpr std::nullopt_t abstained = std::nullopt;

/* One completion to be scored; valid during the call. */
struct RewardItem {
  std::uint64_t id = 0;
  std::string_view prompt;
  std::string_view completion;
  bool truncated = false;
  /* All of it; nullptr in a test that needs no more than the above. */
  const stepwise_reward_item *raw = nullptr;

  /* The text of a column; nothing where the row has none of that name or it is no text. */
  std::optional<std::string_view> column(const char *name) const {
    const stepwise_value *value = raw ? stepwise_find_column(raw->example, name) : nullptr;
    if (value == nullptr || value->type != STEPWISE_VALUE_TEXT) return std::nullopt;
    return view(value->data.text);
  }
};

namespace detail {

template <class T>
stepwise_status describe_reward(
    stepwise_instance *instance, stepwise_reward_description *description, stepwise_error *error) noexcept {
  return guarded(error, [&] {
    const RewardDeclaration declaration = part<T>(instance).declaration();
    description->minimum = declaration.minimum;
    description->maximum = declaration.maximum;
    description->success_threshold = declaration.success_threshold;
    if (declaration.required_column != nullptr) {
      /* It must live as long as the instance. */
      auto kept = &whole<T>(instance)->column;
      *kept = stepwise_text_of(declaration.required_column);
      description->required_columns = kept;
      description->required_column_count = 1;
    }
  });
}

template <class T>
stepwise_status score(
    stepwise_instance *instance, const stepwise_reward_batch *batch, stepwise_reward_results *results,
    stepwise_error *) noexcept {
  for (std::uint64_t i = 0; i < batch->count; i++) {
    const stepwise_reward_item *raw = stepwise_reward_item_at(batch, i);
    stepwise_score *result = &results->scores[i];
    char message[512];
    stepwise_error failure = {};
    failure.struct_size = sizeof failure;
    failure.message = message;
    failure.capacity = sizeof message;
    result->item = raw->id;
    result->value = 0;
    result->status = STEPWISE_SCORE_ABSTAIN;
    result->reserved = 0;
    const stepwise_status status = guarded(&failure, [&] {
      RewardItem item;
      item.id = raw->id;
      item.prompt = view(raw->prompt);
      item.completion = view(raw->completion);
      item.truncated = (raw->flags & STEPWISE_ITEM_TRUNCATED) != 0;
      item.raw = raw;
      if (const Score given = part<T>(instance).score(item)) {
        result->value = *given;
        result->status = STEPWISE_SCORE_OK;
      }
    });
    if (status != STEPWISE_OK) {
      result->status = STEPWISE_SCORE_ERROR;
      results->explain(results, i, {failure.message, failure.size});
    }
  }
  results->count = batch->count;
  return STEPWISE_OK;
}

}  // namespace detail

template <class T>
stepwise_reward reward_table() noexcept {
  stepwise_reward table = {};
  table.struct_size = sizeof table;
  table.describe = detail::describe_reward<T>;
  table.score = detail::score<T>;
  return table;
}

}  // namespace stepwise

#endif
