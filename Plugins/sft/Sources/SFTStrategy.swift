import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "org.stepwise.strategy.sft", version: "1.0.0", strategies: [SFTStrategy.self])
    .exported
}

/// Supervised fine-tuning at every step.
struct SFTStrategy: Strategy {
  init(parameters: Parameters) {}

  var requirements: StrategyRequirements { .demonstrations }

  func beginStep(_ context: StepContext) -> StepPlan { StepPlan(.sft, reason: "always SFT") }
}
