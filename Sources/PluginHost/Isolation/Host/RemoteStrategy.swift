import Components

/// A strategy whose code runs in a process of its own. Every answer is checked as that of one in this process.
final class RemoteStrategy: MixingStrategy {
  let identity: ComponentIdentity
  let requirements: StrategyRequirements
  let slot: WorkerSlot

  init(_ request: ComponentRequest, policy: IsolationPolicy) throws(PluginError) {
    identity = request.plugin.identity
    slot = WorkerSlot(request, policy: policy)
    requirements = try slot.start { reader in
      let needs = StrategyRequirements(rawValue: try reader.value())
      try request.check(needs)
      return needs
    }
  }

  func reconfigure(_ changes: ParameterValue) throws(PluginError) {
    try slot.reconfigure(changes)
  }

  func beginStep(_ context: StepContext) throws -> StepPlan {
    let request = slot.request
    let arguments = [WireContext(context)]
    return try slot.call(.beginStep, arguments, draw: context.uniform) { reader in
      let plan = try reader.value(StepPlan.self)
      do throws(PlanCollector.Problem) {
        try plan.check()
      } catch {
        throw request.error(.output, hook: "begin_step", error.message, cure: error.cure)
      }
      return plan
    }
  }

  func shapeRollout(_ request: RolloutShapeRequest) throws -> RolloutShape? {
    try ask(.shapeRollout, WireShapeRequest(request), draw: request.uniform) {
      try $0.check($1, for: request)
    }
  }

  func route(_ request: RouteRequest) throws -> [PromptRoute]? {
    try ask(.route, request) { try $0.check($1, for: request) }
  }

  func advantages(_ request: AdvantageRequest) throws -> [Double]? {
    try ask(.advantages, request) { try $0.check(advantages: $1, for: request) }
  }

  func stepWeights(_ statistics: StepStatistics) throws -> StepWeights? {
    try ask(.stepWeights, statistics) { try $0.check($1, for: statistics) }
  }

  func tokenWeights(_ request: TokenWeightRequest) throws -> [Float]? {
    try ask(.tokenWeights, request) { try $0.check(tokenWeights: $1, for: request) }
  }

  /// Asks a hook that may answer with the host's default.
  private func ask<Answer: WireValue>(
    _ operation: WorkerOperation,
    _ question: some WireValue,
    draw: (@Sendable (UInt64) -> Double)? = nil,
    check: (ComponentRequest, Answer) throws -> Void
  ) throws -> Answer? {
    let request = slot.request
    return try slot.call(operation, [question], draw: draw) { reader in
      guard let answer = try reader.value(Answer?.self) else { return nil }
      try check(request, answer)
      return answer
    }
  }

  func endStep(_ report: StepReport) throws { try slot.call(.endStep, [report]) { _ in } }

  func saveState() throws -> [UInt8] { try slot.call(.saveState) { try $0.raw() } }

  func loadState(_ bytes: [UInt8]) throws { try slot.call(.loadState, [bytes]) { _ in } }
}
