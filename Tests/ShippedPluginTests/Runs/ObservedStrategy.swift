import Components

/// A shipped strategy, loaded as a run loads it, whose plans and requests are kept for the test to look at.
final class ObservedStrategy: MixingStrategy {
  let inner: any MixingStrategy
  /// Plans, one for each step, and what the steps were.
  private(set) var plans: [StepPlan] = []
  private(set) var reports: [StepReport] = []
  private(set) var advantageRequests: [AdvantageRequest] = []
  private(set) var tokenRequests: [TokenWeightRequest] = []

  /// Loads `name`.
  init(_ name: String, _ parameters: ParameterValue) throws {
    inner = try shippedStrategy(name, parameters)
  }

  var identity: ComponentIdentity { inner.identity }
  var requirements: StrategyRequirements { inner.requirements }

  func beginStep(_ context: StepContext) throws -> StepPlan {
    plans.append(try inner.beginStep(context))
    return plans.last!
  }

  func shapeRollout(_ request: RolloutShapeRequest) throws -> RolloutShape? {
    try inner.shapeRollout(request)
  }

  func route(_ request: RouteRequest) throws -> [PromptRoute]? { try inner.route(request) }

  func advantages(_ request: AdvantageRequest) throws -> [Double]? {
    advantageRequests.append(request)
    return try inner.advantages(request)
  }

  func stepWeights(_ statistics: StepStatistics) throws -> StepWeights? {
    try inner.stepWeights(statistics)
  }

  func tokenWeights(_ request: TokenWeightRequest) throws -> [Float]? {
    tokenRequests.append(request)
    return try inner.tokenWeights(request)
  }

  func endStep(_ report: StepReport) throws {
    reports.append(report)
    try inner.endStep(report)
  }

  func saveState() throws -> [UInt8] { try inner.saveState() }
  func loadState(_ bytes: [UInt8]) throws { try inner.loadState(bytes) }
}
