import StepwisePlugin

/// CHORD-mu: both parts at every step, and the weight of SFT first rises, then falls.
///
///     L = (1 - mu) L_RL + mu L_SFT,  with s = t - t0:
///     mu = peak s / W                                               s < W
///     mu = valley + (peak - valley) (1 + cos(pi (s - W) / D)) / 2   W <= s < W + D
///     mu = valley                                                   W + D <= s
struct ChordMu: Strategy, Reconfigurable {
  static let id: String? = "org.stepwise.strategy.chord-mu"

  /// t0.
  private let start: Int
  /// W.
  private let warmup: Int
  /// D.
  private let decay: Int
  private let peak: Double
  private let valley: Double

  init(parameters: Parameters) throws {
    start = try parameters.int("start_step")
    warmup = try parameters.int("warmup_steps")
    decay = try parameters.int("decay_steps")
    peak = try parameters.double("peak")
    valley = try parameters.double("valley")
  }

  var requirements: StrategyRequirements { [.demonstrations, .prompts] }

  func beginStep(_ context: StepContext) -> StepPlan {
    let mu = mu(at: max(context.step - start, 0))
    return StepPlan(
      // A part of weight 0 need not be made.
      mu > 0 ? .both : .rl,
      sftWeight: mu,
      rlWeight: 1 - mu,
      reason: "SFT and GRPO, mixed by the schedule of mu",
      diagnostics: [Diagnostic("mu", mu)]
    )
  }

  private func mu(at step: Int) -> Double {
    if step < warmup { return peak * Double(step) / Double(warmup) }
    let progress = Double(step - warmup) / Double(decay)
    return valley + (peak - valley) * ExactMath.halfCosine(progress)
  }

  mutating func reconfigure(_ parameters: Parameters) throws {
    self = try Self(parameters: parameters)
  }
}
