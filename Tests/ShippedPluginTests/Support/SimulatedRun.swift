import Components

/// A run without a model: it asks a strategy as the trainer does and answers with numbers that the test chooses.
struct SimulatedRun {
  /// What a step was, and what the strategy said of it.
  struct Step: Equatable {
    var step: Int
    var plan: StepPlan
  }

  let strategy: any MixingStrategy
  var seed: UInt64 = 1
  var horizon = 1_000_000
  /// The next step.
  var step = 0
  /// Gradient norm of an SFT step's own batch, by step.
  var sftNorm: (Int) -> Double = { _ in 1 }
  /// KL of a step's rollouts from the reference, by step.
  var kl: (Int) -> Double = { _ in .nan }
  /// Gradient norm and loss of the probe, by step.
  var probe: (Int) -> (norm: Double, nll: Double) = { _ in (1, 1) }
  /// Reports that the strategy sees in its context; empty for none, which is faster.
  var keepsHistory = false
  var history: [StepReport] = []
  /// Every plan, measurements included.
  var plans: [Step] = []

  init(_ strategy: any MixingStrategy) { self.strategy = strategy }

  /// A uniform draw in [0, 1) that depends on (seed, step, item) alone.
  static func uniform(seed: UInt64, step: Int, item: UInt64) -> Double {
    var x = seed &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(step) &* 0xD134_2543_DE82_EF95 ^ item << 57
    for _ in 0..<2 {
      x = (x ^ x >> 30) &* 0xBF58_476D_1CE4_E5B9
      x = (x ^ x >> 27) &* 0x94D0_49BB_1331_11EB
      x ^= x >> 31
    }
    return Double(x >> 11) * 0x1p-53
  }

  func context(measurements: Int = 0) -> StepContext {
    let (seed, step) = (seed, step)
    return StepContext(
      step: step,
      horizon: horizon,
      measurements: measurements,
      seed: seed,
      uniform: { Self.uniform(seed: seed, step: step, item: $0) },
      history: history
    )
  }

  /// Makes one optimizer step, measurements before it included, and gives its plan.
  @discardableResult
  mutating func run() throws -> StepPlan {
    for measurements in 0...4 {
      let plan = try strategy.beginStep(context(measurements: measurements))
      plans.append(Step(step: step, plan: plan))
      let report = report(plan.kind)
      try strategy.endStep(report)
      if keepsHistory { history = Array((history + [report]).suffix(StepContext.historyLimit)) }
      if plan.kind != .measure {
        step += 1
        return plan
      }
    }
    throw Loop()
  }

  /// Makes `count` steps and gives their plans, measurements left out.
  @discardableResult
  mutating func run(_ count: Int) throws -> [StepPlan] {
    try (0..<count).map { _ in try run() }
  }

  /// The strategy measured more often than a trainer allows.
  struct Loop: Error {}

  private func report(_ kind: StepKind) -> StepReport {
    let isRL = kind == .rl || kind == .both
    let sft = SFTReport(
      loss: 1,
      nll: 1,
      nllVariance: 1,
      gradNorm: sftNorm(step),
      entropy: .nan,
      meanTokenAccuracy: 0.5,
      tokens: 100
    )
    let rl = RLReport(
      loss: 0,
      gradNorm: 0.1,
      kl: kl(step),
      entropy: .nan,
      rewardMean: 0.5,
      rewardStd: 0.5,
      successRate: 0.5,
      advantageMean: 0,
      advantageVariance: 1,
      fracRewardZeroStd: 0,
      completionLength: 10,
      tokens: 100
    )
    let measured = probe(step)
    let probe = SFTReport(
      loss: measured.nll,
      nll: measured.nll,
      nllVariance: 1,
      gradNorm: measured.norm,
      entropy: .nan,
      meanTokenAccuracy: 0.5,
      tokens: 100
    )
    return StepReport(
      step: step,
      kind: kind,
      sft: kind == .sft || kind == .both ? sft : nil,
      rl: isRL ? rl : nil,
      probe: kind == .measure ? probe : nil,
      gradNorm: kind == .measure ? .nan : 1
    )
  }
}

extension StepPlan {
  /// The value of a diagnostic, or `nil`.
  subscript(_ name: String) -> Double? { diagnostics.first { $0.name == name }?.value }

  /// The value of a diagnostic that must be there.
  func number(_ name: String) throws -> Double {
    guard let value = self[name] else { throw MissingNumber(name: name, plan: self) }
    return value
  }

  /// A plan lacks a number.
  struct MissingNumber: Error {
    var name: String
    var plan: StepPlan
  }
}
