// `make test`: the reward without Stepwise.
#include <cstdio>

#include "reward.cpp"

static int failures = 0;

static void expect(const char *parameters, std::string_view completion, stepwise::Score expected) {
  stepwise::RewardItem item;
  item.completion = completion;
  const stepwise::Score score = FreshWords(stepwise::Parameters(parameters)).score(item);
  if (score == expected) return;
  std::fprintf(stderr, "'%s' %s: %g, expected %g\n", completion.data(), parameters, score.value_or(-1), expected.value_or(-1));
  failures++;
}

int main() {
  expect("{}", "the cat saw the dog", 0.8);
  expect("{}", "  the\tthe\nthe ", 1.0 / 3);
  expect("{}", "the them", 1.0);
  expect("{}", "", stepwise::abstained);
  expect("{}", " \n", stepwise::abstained);
  expect("{\"minimum_words\": 3}", "too short", stepwise::abstained);
  std::puts(failures == 0 ? "all good" : "FAILED");
  return failures != 0;
}
