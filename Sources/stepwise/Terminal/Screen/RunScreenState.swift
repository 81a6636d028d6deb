import Components
import Training

/// Everything that the screen of a run shows; a value, so that any moment can be drawn and tested.
struct RunScreenState: Sendable {
  /// What the trainer is doing.
  enum Activity: Equatable, Sendable {
    case starting
    case training
    case generating(done: Int, total: Int)
    case stopping
    case finished(StopReason)
  }

  /// A latest value with its course.
  struct Series: Sendable {
    private(set) var values: [Double] = []
    /// The last finite value.
    private(set) var latest = Double.nan
    /// More than any screen is wide, few enough to forget.
    private static let limit = 512

    mutating func add(_ value: Double) {
      if value.isFinite { latest = value }
      values.append(value)
      if values.count > Self.limit { values.removeFirst(values.count - Self.limit) }
    }
  }

  /// The run's name.
  var title: String
  /// The strategy's short name.
  var strategy: String
  /// Where the run lies.
  var path: String

  private(set) var activity = Activity.starting
  private(set) var step = 0
  private(set) var horizon = 0
  private(set) var parameters = 0
  /// Kinds of all steps so far.
  private(set) var kinds: [StepKind] = []
  private(set) var sftLoss = Series()
  private(set) var sftGradNorm = Series()
  private(set) var rlGradNorm = Series()
  private(set) var reward = Series()
  private(set) var kl = Series()
  private(set) var learningRate = Double.nan
  /// The strategy's own numbers, in the order in which they first came.
  private(set) var diagnostics: [(name: String, series: Series)] = []
  private(set) var evaluations: [HeldOutResult] = []
  private(set) var reason = ""
  private(set) var checkpoint: Int?
  private(set) var totalTokens = 0
  private(set) var startedAt = 0.0
  private(set) var now = 0.0
  private var pace = Pace()

  init(title: String, strategy: String, path: String) {
    self.title = title
    self.strategy = strategy
    self.path = path
  }

  /// The steps before a resume.
  mutating func preload(kinds: [StepKind], evaluations: [HeldOutResult] = []) {
    self.kinds = kinds
    self.evaluations = evaluations
  }

  /// Somebody asked the run to stop after this step.
  mutating func stopping() { activity = .stopping }

  /// Takes in an event at `time`, seconds of any steady clock.
  mutating func apply(_ event: TrainingEvent, at time: Double) {
    now = time
    switch event {
    case .started(let step, let horizon, let parameters):
      (self.step, self.horizon, self.parameters) = (step, horizon, parameters)
      startedAt = time
      pace = Pace()
      pace.begin(at: time)
      activity = .training
    case .generating(let done, let total):
      if activity != .stopping { activity = .generating(done: done, total: total) }
    case .step(let record):
      apply(record)
      pace.add(tokens: record.tokens, at: time)
      if activity != .stopping { activity = .training }
    case .evaluated(let record): evaluations.append(HeldOutResult(record))
    case .checkpoint(let step, _): checkpoint = step
    case .warning: break
    case .finished(let steps, let reason):
      step = steps
      activity = .finished(reason)
    }
  }

  private mutating func apply(_ record: StepRecord) {
    let report = record.report
    step = record.step + 1
    horizon = record.horizon
    kinds.append(report.kind)
    if let sft = report.sft {
      sftLoss.add(sft.loss)
      sftGradNorm.add(sft.gradNorm)
    }
    if let rl = report.rl {
      reward.add(rl.rewardMean)
      rlGradNorm.add(rl.gradNorm)
      kl.add(rl.kl)
    }
    learningRate = report.learningRate
    totalTokens = report.totalTokens
    reason = record.reason
    for diagnostic in record.diagnostics {
      if let index = diagnostics.firstIndex(where: { $0.name == diagnostic.name }) {
        diagnostics[index].series.add(diagnostic.value)
      } else {
        var series = Series()
        series.add(diagnostic.value)
        diagnostics.append((diagnostic.name, series))
      }
    }
  }

  /// Steps of a kind so far.
  func count(_ kind: StepKind) -> Int { kinds.reduce(0) { $0 + ($1 == kind ? 1 : 0) } }

  /// Seconds since the run began or went on.
  var elapsed: Double { now - startedAt }

  /// Seconds to go at the latest pace; `nil` before the first steps.
  var remaining: Double? {
    pace.secondsPerStep.map { $0 * Double(horizon - step) }
  }

  /// Tokens trained and generated in a second, lately.
  var tokensPerSecond: Double? { pace.tokensPerSecond }
}

/// How fast the last steps were, evaluations and checkpoints included.
private struct Pace: Sendable {
  private var marks: [(time: Double, tokens: Int)] = []
  /// Enough that the mix of cheap and dear steps shows, few enough to follow a change.
  private static let window = 40

  mutating func begin(at time: Double) { marks = [(time, 0)] }

  mutating func add(tokens: Int, at time: Double) {
    marks.append((time, tokens))
    if marks.count > Self.window + 1 { marks.removeFirst() }
  }

  private var seconds: Double { (marks.last?.time ?? 0) - (marks.first?.time ?? 0) }

  var secondsPerStep: Double? {
    marks.count > 1 && seconds > 0 ? seconds / Double(marks.count - 1) : nil
  }

  var tokensPerSecond: Double? {
    guard marks.count > 1, seconds > 0 else { return nil }
    return Double(marks.dropFirst().reduce(0) { $0 + $1.tokens }) / seconds
  }
}
