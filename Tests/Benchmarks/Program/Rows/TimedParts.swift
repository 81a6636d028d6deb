import Components

/// A strategy whose calls are booked.
final class TimedStrategy: MixingStrategy {
  private let inner: any MixingStrategy
  private let clock: PhaseClock

  init(_ inner: any MixingStrategy, _ clock: PhaseClock) {
    self.inner = inner
    self.clock = clock
  }

  var identity: ComponentIdentity { inner.identity }
  var requirements: StrategyRequirements { inner.requirements }

  func beginStep(_ context: StepContext) throws -> StepPlan {
    clock.stepBegins()
    return try clock.plugin { try inner.beginStep(context) }
  }

  func shapeRollout(_ request: RolloutShapeRequest) throws -> RolloutShape? {
    try clock.plugin { try inner.shapeRollout(request) }
  }

  func route(_ request: RouteRequest) throws -> [PromptRoute]? {
    try clock.plugin { try inner.route(request) }
  }

  func advantages(_ request: AdvantageRequest) throws -> [Double]? {
    try clock.plugin { try inner.advantages(request) }
  }

  func stepWeights(_ statistics: StepStatistics) throws -> StepWeights? {
    try clock.plugin { try inner.stepWeights(statistics) }
  }

  func tokenWeights(_ request: TokenWeightRequest) throws -> [Float]? {
    try clock.plugin { try inner.tokenWeights(request) }
  }

  func endStep(_ report: StepReport) throws {
    try clock.plugin { try inner.endStep(report) }
  }

  func saveState() throws -> [UInt8] { try inner.saveState() }
  func loadState(_ bytes: [UInt8]) throws { try inner.loadState(bytes) }
}

/// A dataset whose calls are booked.
final class TimedDataset: Dataset {
  private let inner: any Dataset
  private let clock: PhaseClock

  init(_ inner: any Dataset, _ clock: PhaseClock) {
    self.inner = inner
    self.clock = clock
  }

  var identity: ComponentIdentity { inner.identity }
  var count: Int? { inner.count }

  func examples(in range: Range<Int>) throws -> [Example] {
    try clock.plugin { try inner.examples(in: range) }
  }

  func beginEpoch(_ epoch: Int) throws { try inner.beginEpoch(epoch) }
  func saveState() throws -> [UInt8] { try inner.saveState() }
  func loadState(_ bytes: [UInt8]) throws { try inner.loadState(bytes) }
}

/// A reward whose calls are booked.
final class TimedReward: RewardFunction {
  private let inner: any RewardFunction
  private let clock: PhaseClock

  init(_ inner: any RewardFunction, _ clock: PhaseClock) {
    self.inner = inner
    self.clock = clock
  }

  var identity: ComponentIdentity { inner.identity }
  var description: RewardDescription { inner.description }
  var isReproducible: Bool { inner.isReproducible }

  func score(_ batch: RewardBatch) throws -> [RewardOutcome] {
    clock.scoringBegins()
    defer { clock.scoringEnds() }
    return try clock.plugin { try inner.score(batch) }
  }

  func answers(_ batch: RewardBatch) throws -> [String?] { try inner.answers(batch) }
}
