import Glibc
import StepwisePlugin

/// CHORD-phi: both parts at every step, and SFT learns from the tokens of which the policy is neither sure nor far away.
///
///     L = (1 - mu) L_RL + mu L_phi,  L_phi = -(1 / N) sum of sg(p (1 - p)) log p
///
/// over the N demonstration tokens of the whole step, p the policy's probability of the token, sg: no gradient through it.
struct ChordPhi: Strategy, Reconfigurable {
  static let id: String? = "org.stepwise.strategy.chord-phi"

  private let mu: Double

  init(parameters: Parameters) throws { mu = try parameters.double("mu") }

  var requirements: StrategyRequirements { [.demonstrations, .prompts, .statisticsPass] }

  func beginStep(_ context: StepContext) -> StepPlan {
    StepPlan(
      mu > 0 ? .both : .rl,
      sftWeight: mu,
      rlWeight: 1 - mu,
      reason: "SFT by p (1 - p) and GRPO, mixed by mu",
      diagnostics: [Diagnostic("mu", mu)]
    )
  }

  func tokenWeights(_ request: TokenWeightRequest) -> [Float]? {
    let count = Double(request.kinds.count { $0 == .demonstration })
    return request.kinds.indices.map { token in
      guard request.kinds[token] == .demonstration else { return request.coefficients[token] }
      let p = exp(Double(request.logProbs[token]))
      return Float(-mu * p * (1 - p) / count)
    }
  }

  mutating func reconfigure(_ parameters: Parameters) throws {
    self = try Self(parameters: parameters)
  }
}
