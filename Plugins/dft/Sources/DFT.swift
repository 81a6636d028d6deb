import Glibc
import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "org.stepwise.strategy.dft", version: "1.0.0", strategies: [DFT.self]).exported
}

/// Dynamic fine-tuning (arXiv 2508.05629): SFT at every step, each token weighed by its own probability.
///
///     L = -(1 / N) sum of sg(p) log p
///
/// over the N tokens of the whole step, p the policy's probability of the token, sg: no gradient through it.
struct DFT: Strategy {
  init(parameters: Parameters) {}

  var requirements: StrategyRequirements { [.demonstrations, .statisticsPass] }

  func beginStep(_ context: StepContext) -> StepPlan { StepPlan(.sft, reason: "always DFT") }

  func tokenWeights(_ request: TokenWeightRequest) -> [Float]? {
    let count = Double(request.logProbs.count)
    return request.logProbs.map { Float(-exp(Double($0)) / count) }
  }
}
