import StepwisePlugin

/// HPT: with k of a prompt's n samples solved,
///
///     k <= gate: the rollouts are dropped and the demonstration is trained by SFT
///     k >  gate: GRPO on the rollouts, nothing else
///
/// both in one optimizer step. Defaults: gate 0 (2 is the other value in use), SFT coefficient 1.
struct HPTStrategy: Strategy, Reconfigurable {
  static var id: String? { "org.stepwise.strategy.hpt" }

  private var gate: Int
  private var rule: PromptGate
  private var host: Host?

  init(parameters: Parameters) throws {
    gate = try parameters.int("gate", default: 0)
    guard gate >= 0 else { throw PluginFailure(.argument, "gate is \(gate); give 0 or more") }
    rule = try PromptGate(parameters)
  }

  mutating func start(_ host: Host) { self.host = host }

  var requirements: StrategyRequirements { [.prompts, .promptDemonstrations] }

  func beginStep(_ context: StepContext) -> StepPlan {
    rule.plan("RL; SFT for prompts with at most \(gate) solved samples")
  }

  func route(_ request: RouteRequest) -> [PromptRoute]? {
    let failed = request.prompts.map { prompt in prompt.succeeded.count { $0 } <= gate }
    host?.metric("gated_share", PromptGate.share(of: failed))
    return rule.routes(failed: failed)
  }

  mutating func reconfigure(_ parameters: Parameters) throws {
    let changed = try Self(parameters: parameters)
    (gate, rule) = (changed.gate, changed.rule)
  }
}
