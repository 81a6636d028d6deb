/// SASR's decision rule, without anything of the host: numbers in, decisions out.
///
///     r   = (G / G_warmup) * exp(w * clip(D / D_target - 1, -1, 1))
///     p_t = clamp(r / (r + gamma), p_min, p_max)
///
/// A step after the warm-up draws a ~ U(0, 1): SFT where a < p_t, else RL. Source: arXiv 2505.13026, step by step in
/// docs/strategies/sasr.md, with what departs from it.
///
/// `decide` changes nothing: the state moves only in `observe`, with what really happened. So a step that fails and is tried
/// again is decided as before.
struct SASRController: Sendable, Equatable {
  /// The settings.
  var parameters: SASRParameters
  /// What has happened.
  var state = SASRState()

  /// What the next step shall be.
  struct Decision: Sendable, Equatable {
    /// The kinds of steps that SASR makes.
    enum Action: Sendable, Equatable { case sft, rl, measure }

    /// What to do.
    var action: Action
    /// Why, in one line.
    var reason: String
    /// Factor on the learning rate.
    var learningRateFactor = 1.0
    /// Whether the reference becomes a copy of the policy first.
    var snapshotsReference = false
    /// The numbers behind it.
    var numbers: Numbers?
  }

  /// The numbers behind a decision.
  struct Numbers: Sendable, Equatable {
    /// G and G_warmup.
    var norm: Double
    var warmupNorm: Double
    /// D; `nil` as long as it is not meaningful, when its factor is 1.
    var divergence: Double?
    /// r and p_t.
    var ratio: Double
    var probability: Double
    /// a.
    var draw: Double
  }

  /// Decides the step.
  ///
  /// - Parameters:
  ///   - step: the optimizer step about to run, 0-based.
  ///   - measurements: how many times the probe was already measured for this step.
  ///   - draw: a uniform number in [0, 1) that belongs to this step.
  func decide(step: Int, measurements: Int, draw: Double) throws(SASRError) -> Decision {
    if step < parameters.warmupSteps {
      return Decision(
        action: .sft,
        reason: "warm-up \(step + 1) of \(parameters.warmupSteps): SFT",
        learningRateFactor: parameters.learningRateFactor(at: step)
      )
    }
    let snapshot = parameters.reference == .warmup && !state.mixing
    if let reason = measurementDue(at: step) {
      guard measurements == 0 else {
        throw .measurement(
          step: step,
          "the probe was asked for but not measured",
          cure: "give the demonstrations slot enough rows for a probe"
        )
      }
      return Decision(action: .measure, reason: reason, snapshotsReference: snapshot)
    }
    guard let warmupNorm = state.warmupNorm, let norm = state.norm else {
      // `norm: last` swapped in after the warm-up of another strategy: its first SFT step is the measure of all later ones.
      return Decision(
        action: .sft,
        reason: "no SFT step seen yet: SFT, its gradient norm becomes G_warmup",
        snapshotsReference: snapshot
      )
    }
    try check(warmupNorm: warmupNorm, step: step)
    let ratio = ratio(norm: norm, warmupNorm: warmupNorm)
    let probability = probability(ratio: ratio)
    let sft = draw < probability
    let (a, p) = readable(draw, probability)
    return Decision(
      action: sft ? .sft : .rl,
      reason: sft ? "a \(a) < p_t \(p): SFT" : "a \(a) >= p_t \(p): GRPO",
      snapshotsReference: snapshot,
      numbers: Numbers(
        norm: norm,
        warmupNorm: warmupNorm,
        divergence: divergence,
        ratio: ratio,
        probability: probability,
        draw: draw
      )
    )
  }

  /// Why the probe must be measured before this step; `nil` where it need not.
  private func measurementDue(at step: Int) -> String? {
    guard parameters.needsProbe else { return nil }
    guard state.firstProbe != nil else {
      return measurementSetsWarmupNorm
        ? "first measurement of the probe: sets G_warmup and G"
        : "first measurement of the probe: G stays that of the last SFT step"
    }
    guard parameters.refreshEvery > 0, step - state.lastProbeStep >= parameters.refreshEvery
    else { return nil }
    return "refresh, \(step - state.lastProbeStep) steps after the last: sets G"
  }

  /// Whether the first measurement of the probe decides G_warmup, and not the last SFT step of the warm-up.
  private var measurementSetsWarmupNorm: Bool {
    parameters.norm == .probe || state.warmupNorm == nil
  }
}
