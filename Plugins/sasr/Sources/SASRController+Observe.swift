extension SASRController {
  /// Learns from SFT steps that were made before this controller was there: what their own norms were.
  ///
  /// Only a controller that has seen nothing yet is changed.
  mutating func adopt(ownNorms: [Double]) {
    guard state == SASRState() else { return }
    for norm in ownNorms where norm.isFinite && norm >= 0 { averageOwnNorm(norm) }
  }

  /// A step with SFT alone was made, with this norm of its gradient before clipping.
  mutating func observeSFT(step: Int, norm: Double) throws(SASRError) {
    guard norm.isFinite, norm >= 0 else {
      throw .measurement(
        step: step,
        "the SFT step's gradient norm is \(norm)",
        cure: "lower sft.learning_rate, or look for a row that breaks the loss"
      )
    }
    if step < parameters.warmupSteps {
      averageOwnNorm(norm)
      // The last one of the warm-up stays.
      if parameters.norm == .last { (state.warmupNorm, state.norm) = (norm, norm) }
      return
    }
    state.mixing = true
    state.sftSteps += 1
    switch parameters.norm {
    case .last:
      if state.warmupNorm == nil { state.warmupNorm = norm }
      state.norm = norm
    case .probe:
      if let current = state.norm {
        state.norm = current + parameters.ema * (norm * state.ownNormScale - current)
      }
    }
  }

  /// A step with RL was made; `kl` is KL(policy || reference) on its rollouts, NaN where it was not measured.
  mutating func observeRL(step: Int, kl: Double) {
    guard step >= parameters.warmupSteps else { return }
    state.mixing = true
    state.rlSteps += 1
    if parameters.needsKL { state.kl.observe(kl, target: parameters.divergenceTarget) }
  }

  /// The probe was measured before this step: norm of its gradient, and its negative log-likelihood in nats per token.
  mutating func observeProbe(step: Int, norm: Double, nll: Double) throws(SASRError) {
    guard norm.isFinite, norm >= 0, nll.isFinite else {
      throw .measurement(
        step: step,
        "the probe has gradient norm \(norm) and loss \(nll)",
        cure: "lower the learning rates, or look for a demonstration that breaks the loss"
      )
    }
    if state.firstProbe == nil, norm == 0 { throw Self.vanished(step: step) }
    let probe = SASRState.Probe(norm: norm, nll: nll)
    // The reference was taken together with the first measurement.
    state.mixing = true
    state.probes += 1
    state.lastProbe = probe
    state.lastProbeStep = step
    guard let first = state.firstProbe else {
      state.firstProbe = probe
      if parameters.norm == .probe || state.warmupNorm == nil {
        (state.warmupNorm, state.norm) = (norm, norm)
      }
      // A batch of another size than the probe's, of rows seen in training, has another norm at the same weights. What counts
      // is how it moves from here.
      if parameters.norm == .probe, let own = state.ownNorm, own > 0 {
        state.ownNormScale = norm / own
      }
      return
    }
    guard let warmupNorm = state.warmupNorm else { return }
    // Where G_warmup is an SFT step's own norm, the probe tells by how much it has changed.
    state.norm = warmupNorm == first.norm ? norm : warmupNorm * (norm / first.norm)
  }

  /// G_warmup divides everything: it must be there and be above 0.
  func check(warmupNorm: Double, step: Int) throws(SASRError) {
    guard warmupNorm > 0 else { throw Self.vanished(step: step) }
  }

  private static func vanished(step: Int) -> SASRError {
    .measurement(
      step: step,
      "the SFT gradient's norm G_warmup is 0, so p_t is not defined",
      cure: "end the warm-up before the demonstrations are learnt by heart (lower warmup_steps), "
        + "and see that their completions have tokens to train"
    )
  }

  /// A plain mean at first, so that the large norms of the first steps are forgotten; then an average of weight `ema`.
  private mutating func averageOwnNorm(_ norm: Double) {
    state.ownNormCount += 1
    let weight = max(parameters.ema, 1 / Double(state.ownNormCount))
    let current = state.ownNorm ?? norm
    state.ownNorm = current + weight * (norm - current)
  }
}
