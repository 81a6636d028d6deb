import StepwisePlugin

/// UFT: all samples of a group continue the same hint, the first part of the demonstration.
///
///     k ~ Binomial(N, q(t))      the hint is the first k of the N equal pieces of the demonstration
///     q(t) = low + (high - low) (1 + cos(pi t / T)) / 2,  0 from step T on
///     L = L_PG(sampled tokens) + beta * mean over the step's hint tokens of -log p
///
/// Defaults: low 0.05, high 0.95, T 300, beta 0.001. The policy gradient is on sampled tokens alone; they alone are counted by its
/// normaliser. The number of pieces is ours. The last token, which ends the demonstration, is never given: something is always
/// left to sample.
struct UFTStrategy: Strategy {
  static var id: String? { "org.stepwise.strategy.uft" }

  private enum Cut: String, CaseIterable { case token, step }

  private let share: FallingShare
  private let hintSteps: Int
  private let pieces: Int
  private let cut: Cut
  private let beta: Double

  init(parameters: Parameters) throws {
    share = try FallingShare(parameters)
    hintSteps = try parameters.int("hint_steps", default: 300)
    pieces = try parameters.int("pieces", default: 5)
    beta = try parameters.double("beta", default: 0.001)
    cut = try parameters.choice("cut", default: Cut.token)
    guard hintSteps >= 0, pieces >= 1, beta >= 0 else {
      throw PluginFailure(
        .argument,
        "hint_steps \(hintSteps), pieces \(pieces), beta \(beta): give 0 or more, at least one piece, and a "
          + "weight of 0 or more"
      )
    }
  }

  var requirements: StrategyRequirements {
    var needs: StrategyRequirements = [.prompts, .promptDemonstrations]
    if beta > 0, hintSteps > 0 { needs.insert(.statisticsPass) }
    return needs
  }

  /// q(t).
  private func probability(_ step: Int) -> Double {
    step < hintSteps ? share.at(step, of: hintSteps) : 0
  }

  func beginStep(_ context: StepContext) -> StepPlan {
    let q = probability(context.step)
    return StepPlan(
      .rl,
      reason: q > 0 ? "RL with hints" : "RL: the hints ended with step \(hintSteps)",
      diagnostics: [Diagnostic("hint_share", q)]
    )
  }

  func shapeRollout(_ request: RolloutShapeRequest) -> RolloutShape? {
    let q = probability(request.step)
    guard q > 0 else { return nil }
    // N draws below q: a binomial number from comparisons alone.
    let given = (0..<pieces).count { request.uniform(UInt64($0)) < q }
    var length = longestHint(request.demonstration) * given / pieces
    if cut == .step { length = request.stepBoundaries.last { $0 <= length } ?? 0 }
    return RolloutShape(prefixLengths: Array(repeating: length, count: request.groupSize))
  }

  func tokenWeights(_ request: TokenWeightRequest) -> [Float]? {
    Hints(request).coefficients(request, weight: beta) { _ in 1 }
  }
}
