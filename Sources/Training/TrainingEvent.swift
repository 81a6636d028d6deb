public import Components

/// What a run tells whoever watches it: the terminal, a dashboard, a test.
public enum TrainingEvent: Sendable {
  /// The run begins, or goes on at `step` after a resume.
  case started(step: Int, horizon: Int, parameters: Int)
  /// Completions are being generated: `done` of `total` sequences.
  case generating(done: Int, total: Int)
  /// An optimizer step is complete.
  case step(StepRecord)
  /// Held-out prompts were evaluated.
  case evaluated(EvaluationRecord)
  /// A checkpoint is on disk.
  case checkpoint(step: Int, path: String)
  /// Something went wrong that the run goes on from.
  case warning(String)
  /// The run ended, after `steps` optimizer steps.
  case finished(steps: Int, reason: StopReason)
}

/// Why a run ended.
public enum StopReason: String, Sendable, Codable {
  /// Its horizon was reached.
  case completed
  /// Somebody asked for it (Ctrl-C, SIGTERM, control socket); a checkpoint was written.
  case interrupted
}

/// One optimizer step, for people and for `metrics.jsonl`.
public struct StepRecord: Sendable {
  /// The step, 0-based.
  public var step: Int
  /// How many optimizer steps the run has.
  public var horizon: Int
  /// What the strategy was told.
  public var report: StepReport
  /// The strategy's own numbers, for example `p_t`.
  public var diagnostics: [Diagnostic]
  /// Why the step was what it was.
  public var reason: String
  /// Metrics under TRL's names, in a fixed order.
  public var metrics: [Diagnostic]
  /// Wall-clock seconds of the step.
  public var seconds: Double
  /// Tokens trained and generated in the step.
  public var tokens: Int
}

/// One evaluation.
public struct EvaluationRecord: Sendable, Codable, Equatable {
  /// After how many optimizer steps.
  public var step: Int
  /// Completions for each prompt.
  public var k: Int
  /// Prompts evaluated.
  public var count: Int
  /// pass@1 with its 95 % interval (Wilson, prompts as trials).
  public var passAt1: Estimate
  /// pass@k; equal to `passAt1` for k = 1.
  public var passAtK: Estimate
  /// Accuracy of the majority answer; `nil` where rewards give no answer to vote on.
  public var majAtK: Estimate?
  /// Mean total reward.
  public var reward: Double
  /// Mean completion length, tokens.
  public var completionLength: Double
  /// Share of completions cut at the length limit.
  public var clippedRatio: Double
  /// Whether each prompt's first completion was solved, in the dataset's order: the basis of paired comparisons.
  public var solved: [Bool]
  /// Wall-clock seconds.
  public var seconds: Double
}

/// A share with its 95 % interval.
public struct Estimate: Sendable, Codable, Equatable {
  /// The estimate.
  public var value: Double
  /// Lower end.
  public var low: Double
  /// Upper end.
  public var high: Double

  /// Creates an estimate.
  public init(value: Double, low: Double, high: Double) {
    self.value = value
    self.low = low
    self.high = high
  }
}

/// Watches a run. Called on the training thread; must return soon.
public protocol TrainingObserver: AnyObject {
  /// Something happened.
  func observe(_ event: TrainingEvent)
}
