import StepwisePlugin

/// What a step says of the two gradients, or the average over steps.
struct GACNoise {
  /// s_s: variance of the demonstration tokens' negative log-likelihoods.
  var sft: Double
  /// s_r: variance of the advantages.
  var rl: Double
  /// D: squared distance of the gradients' directions, 0 to 4.
  var disagreement: Double

  var values: [Double] { [sft, rl, disagreement] }

  /// mu*; the prior where nothing is noisy and nothing disagrees.
  func optimum(prior: Double) -> Double {
    let sum = disagreement + sft + rl
    return sum > 0 ? (prior * disagreement + rl) / sum : prior
  }

  func moved(by weight: Double, towards new: Self) -> Self {
    func mix(_ old: Double, _ new: Double) -> Double { old + weight * (new - old) }
    return Self(
      sft: mix(sft, new.sft),
      rl: mix(rl, new.rl),
      disagreement: mix(disagreement, new.disagreement)
    )
  }
}

extension GACNoise {
  /// What the step measured; `nil` where a part is missing or has no gradient (rewards that are all equal give none), for then
  /// the two have no angle.
  init?(_ report: StepReport) {
    guard let sft = report.sft, let rl = report.rl, sft.gradNorm > 0, rl.gradNorm > 0 else {
      return nil
    }
    // Rounding may bring a cosine above 1.
    self.init(
      sft: sft.nllVariance,
      rl: rl.advantageVariance,
      disagreement: 2 * (1 - min(report.gradientCosine, 1))
    )
    guard values.allSatisfy({ $0.isFinite && $0 >= 0 }) else { return nil }
  }
}
