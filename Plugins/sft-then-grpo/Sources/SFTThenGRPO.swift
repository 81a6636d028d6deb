import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(
    id: "org.stepwise.strategy.sft-then-grpo",
    version: "1.0.0",
    strategies: [SFTThenGRPO.self]
  )
  .exported
}

/// SFT for the first T steps of the run, then GRPO: the arm that every mixing strategy has to beat.
///
/// The SFT phase is that of `sasr`, with the same parameters, so that the two differ in what comes after it and in nothing else.
struct SFTThenGRPO: Strategy {
  private enum Decay: String, CaseIterable { case none, linear, cosine }
  private enum OptimizerSlots: String, CaseIterable { case shared, separate }

  /// T.
  private let warmupSteps: Int
  /// Times `sft.learning_rate` at the first step; falls to 1 as `decay` says.
  private let factor: Double
  private let decay: Decay
  private let slots: OptimizerSlots

  init(parameters: Parameters) throws {
    warmupSteps = try parameters.int("warmup_steps")
    factor = try parameters.double("warmup_learning_rate_factor")
    decay = try parameters.choice("warmup_decay")
    slots = try parameters.choice("optimizer_slots")
  }

  var requirements: StrategyRequirements { [.demonstrations, .prompts] }

  func beginStep(_ context: StepContext) -> StepPlan {
    guard context.step >= warmupSteps else {
      return StepPlan(
        .sft,
        learningRateFactor: learningRateFactor(Double(context.step) / Double(warmupSteps)),
        reason: "step \(context.step + 1) of \(warmupSteps) SFT steps"
      )
    }
    // RL stays close to the model that SFT made, not to the one before it.
    return StepPlan(
      .rl,
      optimizerSlot: slots == .separate ? 1 : 0,
      snapshotReference: context.step == warmupSteps,
      reason: "GRPO after \(warmupSteps) SFT steps"
    )
  }

  private func learningRateFactor(_ progress: Double) -> Double {
    switch decay {
    case .none: factor
    case .linear: factor + (1 - factor) * progress
    case .cosine: 1 + (factor - 1) * ExactMath.halfCosine(progress)
    }
  }
}
