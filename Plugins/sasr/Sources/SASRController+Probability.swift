import StepwisePlugin

extension SASRController {
  /// D, nats per token; `nil` as long as it means nothing.
  ///
  /// `data`: the probe's negative log-likelihood now minus that at the end of the warm-up. It is the change of the forward KL
  /// from the demonstrations to the policy, for their entropy cancels.
  /// `reference`: the average KL from the reference model; from the initial model it is counted from the end of the warm-up,
  /// which has moved away from it already.
  var divergence: Double? {
    switch parameters.divergence {
    case .data:
      guard let first = state.firstProbe, let last = state.lastProbe else { return nil }
      return last.nll - first.nll
    case .reference:
      guard let average = state.kl.average, let start = state.kl.start else { return nil }
      return parameters.reference == .initial ? average - start : average
    }
  }

  /// exp(w * clip(D / D_target - 1, -1, 1)); 1 as long as D means nothing.
  var divergenceFactor: Double {
    guard parameters.usesDivergence, let divergence else { return 1 }
    let excess = divergence / parameters.divergenceTarget - 1
    return ExactMath.exponential(parameters.w * min(max(excess, -1), 1))
  }

  /// r, at most the largest finite number.
  func ratio(norm: Double, warmupNorm: Double) -> Double {
    min(norm / warmupNorm * divergenceFactor, .greatestFiniteMagnitude)
  }

  /// p_t.
  func probability(ratio: Double) -> Double {
    // r / (r + gamma), in a form in which the sum of two large numbers cannot overflow.
    let probability = ratio > 0 ? 1 / (1 + parameters.gamma / ratio) : 0
    return min(max(probability, parameters.pMin), parameters.pMax)
  }

  /// Whether SFT has come to an end by itself: G so small that p_t is below 1 in 1,000, and nothing that would raise it again.
  var isStuck: Bool {
    guard let norm = state.norm, let warmupNorm = state.warmupNorm, warmupNorm > 0 else {
      return false
    }
    return parameters.pMin == 0 && parameters.refreshEvery == 0
      && probability(ratio: ratio(norm: norm, warmupNorm: warmupNorm)) < 1e-3
  }
}
