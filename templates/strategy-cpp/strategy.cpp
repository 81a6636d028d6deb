// The strategy __ID__: SFT and GRPO steps in turn, spread evenly, a given share of them SFT.
//
// Each step adds the share to a credit, and an SFT step costs 1. The credit is the state: a resumed run goes on with it.
#include <cstring>
#include <stepwise/plugin.hpp>

class Alternate {
 public:
  explicit Alternate(const stepwise::Parameters &parameters) { reconfigure(parameters); }

  // The manifest calls the share changeable: it takes effect at the next step, and the credit stays.
  void reconfigure(const stepwise::Parameters &parameters) { share_ = parameters.real("sft_share", 0.25); }

  std::uint64_t needs() const { return STEPWISE_NEEDS_DEMONSTRATIONS | STEPWISE_NEEDS_PROMPTS; }

  // What the step shall be. It changes nothing: only what has happened does.
  stepwise::Plan begin_step(const stepwise_step_context &) const {
    const double credit = credit_ + share_;
    stepwise::Plan plan;
    plan.kind = credit >= 1 ? STEPWISE_STEP_SFT : STEPWISE_STEP_RL;
    plan.reason = credit >= 1 ? "the credit is enough for SFT" : "saving up for SFT";
    plan.diagnostics = {{"credit", credit}};
    return plan;
  }

  void end_step(const stepwise_step_report &report) {
    credit_ += share_;
    if (report.kind == STEPWISE_STEP_SFT) credit_ -= 1;
  }

  // A tag and the credit, little-endian.
  std::string save() const {
    std::string state(tag);
    std::uint64_t bits;
    std::memcpy(&bits, &credit_, sizeof bits);
    for (int i = 0; i < 8; i++) state += static_cast<char>(bits >> (8 * i));
    return state;
  }

  void load(std::string_view state) {
    if (state.size() != tag.size() + 8 || state.substr(0, tag.size()) != tag) {
      throw stepwise::Failure("the bytes are not a state of __ID__", STEPWISE_ERROR_STATE);
    }
    std::uint64_t bits = 0;
    for (int i = 0; i < 8; i++) bits |= std::uint64_t{static_cast<unsigned char>(state[tag.size() + i])} << (8 * i);
    double credit;
    std::memcpy(&credit, &bits, sizeof credit);
    if (!(credit >= 0 && credit <= 1)) throw stepwise::Failure("the credit is out of range", STEPWISE_ERROR_STATE);
    credit_ = credit;
  }

 private:
  static constexpr std::string_view tag = "credit 1";
  double share_ = 0;
  // From 0 to 1.
  double credit_ = 0;
};

STEPWISE_STRATEGY(Alternate, "__ID__", "0.1.0")
