import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "org.stepwise.strategy.gac", version: "1.0.0", strategies: [GAC.self]).exported
}

/// GAC (arXiv 2605.26184): both parts at every step, mixed so that the mixed gradient's error is least.
///
///     L = (1 - mu) L_RL + mu L_SFT,   mu* = (a D + s_r) / (D + s_s + s_r)
///
/// s_s and s_r say how noisy the two parts are: the variance of the demonstration tokens' negative log-likelihoods, and that of the
/// advantages. D says how much the parts disagree: the squared distance 2 (1 - cos) of their gradients' directions. mu* is the
/// mu with the least mean square error (mu - a)^2 D + mu^2 s_s + (1 - mu)^2 s_r; where the parts only disagree, it is a.
///
/// The three are averaged over steps; mu follows mu* within its bounds and by a little at a time. It begins at a.
struct GAC: Strategy, Stateful, Reconfigurable {
  private var settings: GACSettings
  private var mu: Double
  private var noise: GACNoise?

  init(parameters: Parameters) throws {
    settings = try GACSettings(parameters)
    mu = min(max(settings.prior, settings.muMin), settings.muMax)
  }

  var requirements: StrategyRequirements { [.demonstrations, .prompts, .gradientCosine] }

  func beginStep(_ context: StepContext) -> StepPlan {
    var diagnostics = [Diagnostic("mu", mu)]
    if let noise {
      diagnostics += [
        Diagnostic("mu_star", noise.optimum(prior: settings.prior)), Diagnostic("s_s", noise.sft),
        Diagnostic("s_r", noise.rl), Diagnostic("D", noise.disagreement),
      ]
    }
    return StepPlan(
      .both,
      sftWeight: mu,
      rlWeight: 1 - mu,
      reason: "SFT and GRPO, mixed by how noisy they are",
      diagnostics: diagnostics
    )
  }

  mutating func endStep(_ report: StepReport) {
    guard let now = GACNoise(report) else { return }
    let average = noise?.moved(by: settings.ema, towards: now) ?? now
    noise = average
    let target = min(max(average.optimum(prior: settings.prior), settings.muMin), settings.muMax)
    mu += min(max(target - mu, -settings.maxChange), settings.maxChange)
  }

  mutating func reconfigure(_ parameters: Parameters) throws {
    settings = try GACSettings(parameters)
  }

  func saveState(to writer: inout StateWriter) {
    writer.write(mu)
    writer.write(noise != nil)
    if let noise { noise.values.forEach { writer.write($0) } }
  }

  mutating func loadState(from reader: inout StateReader, version: UInt32) throws {
    let (mu, hasNoise) = (try reader.readDouble(), try reader.readBool())
    let values = try (0..<(hasNoise ? 3 : 0)).map { _ in try reader.readDouble() }
    guard mu >= 0, mu <= 1, values.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      throw PluginFailure(.state, "the state has numbers that no run of GAC can have")
    }
    self.mu = mu
    noise =
      hasNoise ? GACNoise(sft: values[0], rl: values[1], disagreement: values[2]) : nil
  }
}
