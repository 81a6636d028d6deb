import StepwisePlugin

/// What decides how SASR behaves. Defaults and ranges are the manifest's; each has its reason in docs/strategies/sasr.md.
struct SASRParameters: Sendable, Equatable {
  /// Where the gradient norm G comes from.
  enum Norm: String, Sendable, CaseIterable {
    /// The fixed probe of held-out demonstrations, with SFT steps' own norms smoothed in.
    case probe
    /// The last SFT step's own batch: the paper's rule.
    case last
  }

  /// What the divergence D is.
  enum Divergence: String, Sendable, CaseIterable {
    /// Rise of the probe's negative log-likelihood since the warm-up, nats per token.
    case data
    /// KL(policy || reference) on rollouts, nats per token.
    case reference
  }

  /// When the reference model is made.
  enum Reference: String, Sendable, CaseIterable {
    /// At the first step after the warm-up.
    case warmup
    /// Never: the host's own, the model as the run found it.
    case initial
  }

  /// How the learning-rate factor of the warm-up falls to 1.
  enum Decay: String, Sendable, CaseIterable {
    /// It does not: the whole warm-up has it.
    case none
    /// In a line.
    case linear
    /// By half a cosine.
    case cosine
  }

  /// How rewards become advantages.
  enum AdvantageSplit: String, Sendable, CaseIterable {
    /// The host's own rule, the group's z-score.
    case zscore
    /// Distance from the group's median in the group's standard deviations.
    case median
  }

  /// Which moments RL steps use.
  enum OptimizerSlots: String, Sendable, CaseIterable {
    /// Those of the SFT steps.
    case shared
    /// Moments of their own.
    case separate
  }

  /// The first so many optimizer steps of the run are SFT.
  var warmupSteps = 100
  /// Weight of RL against SFT; above 0.
  var gamma = 1.0
  /// Weight of the divergence; 0 leaves the gradient norm alone.
  var w = 0.5
  /// What the divergence is.
  var divergence = Divergence.data
  /// The divergence at which it neither raises nor lowers the share of SFT, nats per token.
  var divergenceTarget = 0.05
  /// Where the gradient norm comes from.
  var norm = Norm.probe
  /// Optimizer steps between two measurements of the probe after the warm-up; 0 for none but the first.
  var refreshEvery = 10
  /// Weight of an SFT step's own norm in G with `norm: probe`.
  var ema = 0.1
  /// Lower bound of p_t.
  var pMin = 0.0
  /// Upper bound of p_t.
  var pMax = 1.0
  /// When the reference is made.
  var reference = Reference.warmup
  /// How rewards become advantages.
  var advantageSplit = AdvantageSplit.zscore
  /// Learning-rate factor with which the warm-up begins.
  var warmupLearningRateFactor = 1.0
  /// How that factor falls to 1.
  var warmupDecay = Decay.none
  /// Which moments RL steps use.
  var optimizerSlots = OptimizerSlots.shared

  /// Whether the divergence has any part in p_t.
  var usesDivergence: Bool { w > 0 }

  /// Whether the host must keep a probe. Without a warm-up the probe is the only thing that G_warmup can be measured on.
  var needsProbe: Bool {
    norm == .probe || refreshEvery > 0 || warmupSteps == 0
      || (usesDivergence && divergence == .data)
  }

  /// Whether the host must measure the KL divergence from a reference model.
  var needsKL: Bool { usesDivergence && divergence == .reference }

  /// Refuses what the manifest's ranges cannot: settings that contradict each other.
  func check() throws(SASRError) {
    if pMin > pMax {
      throw .parameter(
        "p_min \(pMin) is above p_max \(pMax)",
        cure: "give bounds with p_min <= p_max"
      )
    }
    if usesDivergence, divergence == .data, refreshEvery == 0 {
      throw .parameter(
        "w \(w) with divergence: data needs the probe measured again and again, but refresh_every is 0",
        cure: "set refresh_every above 0, or w: 0 to leave the divergence out"
      )
    }
  }

  /// Factor on the learning rate of optimizer step `step` of the warm-up; 1 after it.
  ///
  /// With f the factor at the start and x = step / warmup_steps: f (none), f + (1 - f) x (linear),
  /// 1 + (f - 1) (1 + cos(pi x)) / 2 (cosine).
  func learningRateFactor(at step: Int) -> Double {
    guard step < warmupSteps else { return 1 }
    let f = warmupLearningRateFactor
    let progress = Double(step) / Double(warmupSteps)
    switch warmupDecay {
    case .none: return f
    case .linear: return f + (1 - f) * progress
    case .cosine: return 1 + (f - 1) * ExactMath.halfCosine(progress)
    }
  }
}

/// Why the controller cannot go on.
enum SASRError: Error, Equatable, CustomStringConvertible {
  /// Parameters contradict each other.
  case parameter(String, cure: String)
  /// A measurement cannot be used.
  case measurement(step: Int, String, cure: String)

  var description: String {
    switch self {
    case .parameter(let problem, let cure): return "\(problem); \(cure)"
    case .measurement(let step, let problem, let cure):
      return "step \(step): \(problem); \(cure)"
    }
  }
}
