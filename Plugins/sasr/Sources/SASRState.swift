/// Everything that the controller must remember between steps; a checkpoint holds it whole.
struct SASRState: Sendable, Equatable {
  /// What the probe measured.
  struct Probe: Sendable, Equatable {
    /// L2 norm of the SFT loss's gradient.
    var norm: Double
    /// Negative log-likelihood, nats per token.
    var nll: Double
  }

  /// G_warmup.
  var warmupNorm: Double?
  /// G: what stands for the SFT gradient's norm now.
  var norm: Double?
  /// Average of SFT steps' own norms in the warm-up, and how many there were.
  var ownNorm: Double?
  var ownNormCount = 0
  /// Turns an SFT step's own norm into one that can be compared with the probe's.
  var ownNormScale = 1.0
  /// The probe at the end of the warm-up, and as it was measured last.
  var firstProbe: Probe?
  var lastProbe: Probe?
  /// The step before which the probe was measured last; -1 for never.
  var lastProbeStep = -1
  /// The KL divergence from the reference.
  var kl = DivergenceAverage()
  /// Whether a step was made after the warm-up, so that the reference has been taken.
  var mixing = false
  /// SFT and RL steps after the warm-up, and measurements of the probe.
  var sftSteps = 0
  var rlSteps = 0
  var probes = 0

  /// Whether these can be the numbers of a run: what a damaged state would break.
  var isPlausible: Bool {
    let norms = [warmupNorm, norm, ownNorm, firstProbe?.norm, lastProbe?.norm, ownNormScale]
    let reals = [firstProbe?.nll, lastProbe?.nll, kl.average, kl.start] + kl.first
    let counts = [ownNormCount, kl.refusedInRow, kl.refused, sftSteps, rlSteps, probes]
    return norms.allSatisfy { $0.map { $0.isFinite && $0 >= 0 } ?? true }
      && reals.allSatisfy { $0?.isFinite ?? true }
      && counts.allSatisfy { $0 >= 0 } && lastProbeStep >= -1
      && kl.first.count <= DivergenceAverage.startCount
      && (kl.average != nil) == (kl.first.count == DivergenceAverage.startCount)
      && (kl.average != nil) == (kl.start != nil)
      && (firstProbe != nil) == (lastProbe != nil)
      && (warmupNorm != nil) == (norm != nil)
  }
}
