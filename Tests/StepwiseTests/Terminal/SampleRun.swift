import Components

@testable import Training
@testable import stepwise

/// A made-up run, for drawing.
enum SampleRun {
  static func report(_ step: Int, _ kind: StepKind) -> StepReport {
    let t = Double(step)
    return StepReport(
      step: step,
      kind: kind,
      sft: kind == .rl
        ? nil
        : SFTReport(
          loss: 1.2 / (1 + t / 60) + 0.05,
          nll: 0.3,
          nllVariance: 0,
          gradNorm: 0.9 / (1 + t / 90),
          entropy: .nan,
          meanTokenAccuracy: 0.9,
          tokens: 4096
        ),
      rl: kind == .sft
        ? nil
        : RLReport(
          loss: 0.01,
          gradNorm: 0.22 + 0.05 * Double(step % 5),
          kl: 0.0001 * t,
          entropy: 0.4,
          rewardMean: 0.3 + t / 3000,
          rewardStd: 0.4,
          successRate: 0.4,
          advantageMean: 0,
          advantageVariance: 1,
          fracRewardZeroStd: 0.2,
          completionLength: 60,
          tokens: 12_000
        ),
      gradNorm: 0.4,
      learningRate: 1.5e-4,
      totalTokens: 9000 * (step + 1)
    )
  }

  /// Warm-up, then mostly RL, the seventh part SFT.
  static func kind(_ step: Int) -> StepKind { step < 40 || step % 7 == 0 ? .sft : .rl }

  static func record(_ step: Int, kind: StepKind? = nil, horizon: Int = 300) -> StepRecord {
    let report = report(step, kind ?? self.kind(step))
    return StepRecord(
      step: step,
      horizon: horizon,
      report: report,
      diagnostics: step < 40 ? [] : [Diagnostic("p_t", 0.2 + 0.1 * Double(step % 4))],
      reason: "a = 0.71 >= p_t = 0.31",
      metrics: [Diagnostic("loss", 0.5), Diagnostic("kl", .nan)],
      seconds: 0.4,
      tokens: 9000
    )
  }

  static func evaluation(_ step: Int, _ value: Double) -> EvaluationRecord {
    let estimate = Estimate(value: value, low: value - 0.028, high: value + 0.028)
    return EvaluationRecord(
      step: step,
      k: 1,
      count: 1200,
      passAt1: estimate,
      passAtK: estimate,
      majAtK: nil,
      reward: value,
      completionLength: 61,
      clippedRatio: 0,
      solved: [],
      seconds: 3
    )
  }

  static func state(steps: Int, horizon: Int = 300) -> RunScreenState {
    var state = RunScreenState(title: "kk", strategy: "sasr", path: "runs/kk")
    state.apply(.started(step: 0, horizon: horizon, parameters: 811_264), at: 100)
    for step in 0..<steps {
      state.apply(.step(record(step, horizon: horizon)), at: 100.4 + 0.4 * Double(step))
      if step == 39 { state.apply(.evaluated(evaluation(40, 0.42)), at: 117) }
      if step == 199 { state.apply(.evaluated(evaluation(200, 0.463)), at: 181) }
    }
    return state
  }
}
