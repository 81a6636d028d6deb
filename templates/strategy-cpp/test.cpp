// `make test`: the strategy without Stepwise: its order of steps, and that a state survives and nothing else passes for one.
#include <cstdio>

#include "strategy.cpp"

static int failures = 0;

static void check(bool condition, const char *what) {
  if (condition) return;
  std::fprintf(stderr, "FAILED: %s\n", what);
  failures++;
}

// Plays `count` steps: 's' for SFT, 'r' for RL.
static std::string play(Alternate &strategy, int count) {
  std::string kinds;
  for (int i = 0; i < count; i++) {
    stepwise_step_report report = {};
    report.kind = strategy.begin_step({}).kind;
    strategy.end_step(report);
    kinds += report.kind == STEPWISE_STEP_SFT ? 's' : 'r';
  }
  return kinds;
}

static bool refuses(Alternate &strategy, const std::string &state) {
  try {
    strategy.load(state);
    return false;
  } catch (const stepwise::Failure &failure) {
    return failure.status() == STEPWISE_ERROR_STATE;
  }
}

int main() {
  const stepwise::Parameters parameters("{\"sft_share\": 0.25}");
  Alternate first(parameters), second(parameters);
  check(play(first, 6) == "rrrsrr", "every fourth step is SFT");
  const std::string state = first.save();
  second.load(state);
  check(play(second, 5) == "rsrrr", "a loaded state goes on");
  second.reconfigure(stepwise::Parameters("{\"sft_share\": 1}"));
  check(play(second, 2) == "ss", "a new share takes effect at once");
  check(refuses(second, ""), "no bytes are refused");
  check(refuses(second, state + "x"), "bytes left over are refused");
  check(refuses(second, std::string(16, '\xff')), "other bytes are refused");
  std::puts(failures == 0 ? "all good" : "FAILED");
  return failures != 0;
}
