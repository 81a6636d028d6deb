import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "org.stepwise.strategy.grpo", version: "1.0.0", strategies: [GRPOStrategy.self])
    .exported
}

/// Reinforcement learning at every step.
struct GRPOStrategy: Strategy {
  init(parameters: Parameters) {}

  var requirements: StrategyRequirements { .prompts }

  func beginStep(_ context: StepContext) -> StepPlan { StepPlan(.rl, reason: "always GRPO") }
}
