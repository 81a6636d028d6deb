import StepwisePlugin

/// SuperRL: a prompt of which every sample's reward is zero is trained by SFT on its demonstration, any other by RL on its
/// rollouts. It is HPT with gate 0 where a reward above zero and a solved sample are the same thing.
///
/// A sample that no reward judged counts as without reward.
struct SuperRLStrategy: Strategy, Reconfigurable {
  static var id: String? { "org.stepwise.strategy.superrl" }

  private var noReward: Double
  private var rule: PromptGate
  private var host: Host?

  init(parameters: Parameters) throws {
    noReward = try parameters.double("no_reward", default: 0)
    rule = try PromptGate(parameters)
  }

  mutating func start(_ host: Host) { self.host = host }

  var requirements: StrategyRequirements { [.prompts, .promptDemonstrations] }

  func beginStep(_ context: StepContext) -> StepPlan {
    rule.plan("RL; SFT for prompts of which no sample was rewarded")
  }

  func route(_ request: RouteRequest) -> [PromptRoute]? {
    let failed = request.prompts.map { prompt in
      prompt.rewards.allSatisfy { $0.map { $0 <= noReward } ?? true }
    }
    host?.metric("gated_share", PromptGate.share(of: failed))
    return rule.routes(failed: failed)
  }

  mutating func reconfigure(_ parameters: Parameters) throws {
    let changed = try Self(parameters: parameters)
    (noReward, rule) = (changed.noReward, changed.rule)
  }
}
