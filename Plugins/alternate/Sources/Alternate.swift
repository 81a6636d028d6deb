import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "org.stepwise.strategy.alternate", version: "1.0.0", strategies: [Alternate.self])
    .exported
}

/// Every k-th step is SFT, the others are GRPO: step t is SFT where t mod k = 0.
struct Alternate: Strategy, Reconfigurable {
  /// k.
  private let period: Int

  init(parameters: Parameters) throws { period = try parameters.int("period") }

  var requirements: StrategyRequirements { [.demonstrations, .prompts] }

  func beginStep(_ context: StepContext) -> StepPlan {
    let phase = context.step % period
    return StepPlan(phase == 0 ? .sft : .rl, reason: "\(context.step) mod \(period) is \(phase)")
  }

  mutating func reconfigure(_ parameters: Parameters) throws {
    self = try Self(parameters: parameters)
  }
}
