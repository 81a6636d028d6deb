// The reward __ID__: the share of a completion's words that it has not said before.
#include <algorithm>
#include <stepwise/plugin.hpp>
#include <unordered_set>

struct FreshWords {
  // It has no state that changes, so the host may score several batches at once.
  static constexpr bool thread_safe = true;

  explicit FreshWords(const stepwise::Parameters &parameters)
      : minimum_words(static_cast<std::size_t>(parameters.integer("minimum_words", 1))) {}

  stepwise::RewardDeclaration declaration() const { return {0, 1}; }

  // The score of one completion. It may depend on the item and the parameters, and on nothing else.
  stepwise::Score score(const stepwise::RewardItem &item) const {
    constexpr std::string_view blanks = " \t\n\v\f\r";
    std::unordered_set<std::string_view> fresh;
    std::size_t count = 0;
    std::string_view rest = item.completion;
    while (true) {
      rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
      if (rest.empty()) break;
      const std::string_view word = rest.substr(0, rest.find_first_of(blanks));
      fresh.insert(word);
      count++;
      rest.remove_prefix(word.size());
    }
    if (count == 0 || count < minimum_words) return stepwise::abstained;
    return static_cast<double>(fresh.size()) / static_cast<double>(count);
  }

  std::size_t minimum_words;
};

STEPWISE_REWARD(FreshWords, "__ID__", "0.1.0")
