import Glibc
import StepwisePlugin

/// SRFT (arXiv 2506.19767): SFT and RL in every step, each weighed by the policy's entropy.
///
///     L     = w_SFT L_SFT + L_RL
///     w_SFT = 0.5 exp(-H)     on the demonstrations: an unsure policy imitates less
///     w_RL  = 0.1 exp(+H)     on the solved rollouts of L_RL: an unsure policy is held to what it can do
///
/// H is the mean entropy over the rollouts' tokens, without gradient. A rollout's advantage is its reward, +1 where it is solved and -1
/// where it is not. Each prompt's own demonstration is one more member of its group, with reward +1, the group's z-score as its
/// advantage, and p in place of the importance ratio, without a clip: who wrote it, and how surely, is not known.
struct SRFT: Strategy {
  private let sftFactor: Double
  private let rlFactor: Double
  private let scoresDemonstrations: Bool
  private var host: Host?
  /// Whether each rollout is solved: from `route`, for the `advantages` that follow.
  private var solved: [Bool] = []

  init(parameters: Parameters) throws {
    sftFactor = try parameters.double("sft_factor")
    rlFactor = try parameters.double("rl_factor")
    scoresDemonstrations = try parameters.bool("score_demonstrations")
  }

  mutating func start(_ host: Host) { self.host = host }

  var requirements: StrategyRequirements {
    let always: StrategyRequirements = [.demonstrations, .prompts, .statisticsPass]
    return scoresDemonstrations ? always.union(.promptDemonstrations) : always
  }

  func beginStep(_ context: StepContext) -> StepPlan {
    StepPlan(.both, reason: "SFT and GRPO, weighed by the policy's entropy")
  }

  mutating func route(_ request: RouteRequest) -> [PromptRoute]? {
    solved = request.prompts.flatMap(\.succeeded)
    guard scoresDemonstrations else { return nil }
    return request.prompts.map { _ in PromptRoute(demonstration: .groupMember) }
  }

  func advantages(_ request: AdvantageRequest) -> [Double]? {
    signedAdvantages(request, solved: solved)
  }

  func stepWeights(_ statistics: StepStatistics) -> StepWeights? {
    let rollouts = statistics.sequences.filter { $0.kind == .rollout }
    let tokens = rollouts.reduce(0) { $0 + $1.tokens }
    let sum = rollouts.reduce(0) { $0 + $1.entropy * Double($1.tokens) }
    let entropy = sum / Double(max(tokens, 1))
    let (sft, rl) = (sftFactor * exp(-entropy), rlFactor * exp(entropy))
    host?.metric("entropy", entropy)
    host?.metric("w_sft", sft)
    host?.metric("w_rl", rl)
    return StepWeights(
      sftWeight: sft,
      rlWeight: 1,
      sequenceWeights: statistics.sequences.map { $0.kind == .rollout && $0.advantage > 0 ? rl : 1 }
    )
  }

  func tokenWeights(_ request: TokenWeightRequest) -> [Float]? {
    guard scoresDemonstrations else { return nil }
    var coefficients = request.coefficients
    for (index, kind) in request.sequenceKinds.enumerated() where kind == .scoredDemonstration {
      for token in request.sequenceStarts[index]..<request.sequenceStarts[index + 1] {
        let p = exp(Double(request.logProbs[token]))
        let surrogate = -Double(request.advantages[token]) * p * Double(request.scales[token])
        coefficients[token] = Float(surrogate + Double(request.klCoefficients[token]))
      }
    }
    return coefficients
  }
}
