import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "org.stepwise.strategy.cosine", version: "1.0.0", strategies: [Cosine.self]).exported
}

/// Each step is SFT or GRPO by a draw whose odds follow a clock and nothing that is measured: the `SSR_cosine` baseline of SASR
/// (arXiv 2505.13026).
///
///     p_t = (1 + cos(pi (t - t0) / T)) / 2,  1 before t0 and 0 from t0 + T on;  a ~ U(0, 1):  SFT where a < p_t, else GRPO
struct Cosine: Strategy, Reconfigurable {
  /// t0.
  private let start: Int
  /// T; `nil`: what the run has from t0 on.
  private let decay: Int?

  init(parameters: Parameters) throws {
    start = try parameters.int("start_step")
    decay = parameters.value("decay_steps") == nil ? nil : try parameters.int("decay_steps")
  }

  var requirements: StrategyRequirements { [.demonstrations, .prompts] }

  func beginStep(_ context: StepContext) -> StepPlan {
    let steps = decay ?? max(context.horizon - start, 1)
    let p = ExactMath.halfCosine(Double(context.step - start) / Double(steps))
    // The draw that `sasr` makes for this step: where two strategies agree on p_t, they agree on the step.
    let draw = context.uniform(0)
    return StepPlan(
      draw < p ? .sft : .rl,
      reason: draw < p ? "the draw is below p_t: SFT" : "the draw is not below p_t: GRPO",
      diagnostics: [Diagnostic("p_t", p), Diagnostic("draw", draw)]
    )
  }

  mutating func reconfigure(_ parameters: Parameters) throws {
    self = try Self(parameters: parameters)
  }
}
