/// The losses of the GRPO family, as numbers over packed tokens, with their exact gradient.
///
/// With ratio `c1 = exp(lp - old)` of each token, or of each sequence `exp(mean(lp - old))` (GSPO), and advantage `A`:
///
///     grpo, bnpo, dr_grpo, dapo   -min(min(c1, delta) A, clip(c1, 1 - epsilon, 1 + epsilon_high) A)
///     cispo                       -sg(min(c1, epsilon_high)) A lp
///     each                        + beta (exp(ref - lp) - (ref - lp) - 1), times c1 with use_bias_correction_kl
///
/// then summed over tokens and divided; with `k` accumulation steps and a micro-batch of `B` sequences:
///
///     grpo          mean over sequences of token means / k          bnpo     / (tokens of the micro-batch * k)
///     dapo, cispo   / (tokens of the generation batch * k / steps_per_generation)
///     dr_grpo       / (B * max_completion_length * k)
///
/// So `dapo`, `cispo`, `dr_grpo` and `grpo` give the same step however it is cut into micro-batches of equal `B`; `bnpo` does
/// not where micro-batches differ in tokens, and that is its definition. Source: TRL 1.16.0, `GRPOTrainer._compute_loss`,
/// whose values and gradients the fixtures hold. Everything is accumulated in Double, in the tokens' order.
///
/// - Complexity: O(N).
public struct PolicyLoss: Sendable, Equatable {
  /// Loss type, level, clipping, KL and `max_completion_length` are read; nothing else is.
  public var configuration: GRPOConfiguration

  /// Creates the loss of a configuration.
  public init(_ configuration: GRPOConfiguration) { self.configuration = configuration }

  /// The loss of a micro-batch and its gradient with respect to every log p.
  ///
  /// Values that are not finite are not hidden: a NaN among the log-probs of a trained token makes the loss NaN.
  ///
  /// - Parameters:
  ///   - batch: the tokens.
  ///   - normalizer: what the sum is divided by.
  ///   - separatingParts: whether the surrogate's and the KL's gradient are given apart too.
  /// - Precondition: array lengths agree; `refLogProbs` are there where `beta` is not 0.
  public func evaluate(
    _ batch: PolicyBatch,
    normalizer: PolicyNormalizer,
    separatingParts: Bool = false
  ) -> PolicyLossResult {
    batch.check()
    precondition(
      configuration.beta == 0 || batch.refLogProbs != nil,
      "beta is \(configuration.beta) and the batch has no reference log-probs"
    )
    var pass = PolicyLossPass(configuration, batch: batch, normalizer: normalizer)
    for index in batch.sequences.indices { pass.visit(index, of: batch) }
    return pass.result(separatingParts: separatingParts)
  }
}

/// What `PolicyLoss` answers.
public struct PolicyLossResult: Sendable, Equatable {
  /// The gradient by its origin; the sum is `coefficients`.
  public struct Parts: Sendable, Equatable {
    /// d(surrogate)/d(log p) of each token; [N].
    public var surrogate: [Float]
    /// d(beta KL)/d(log p) of each token; [N].
    public var kl: [Float]
  }

  /// The micro-batch's loss, every division included: what TRL's `_compute_loss` returns. The step's loss is the sum.
  public var loss: Double
  /// The share of the clipped surrogate in `loss`.
  public var surrogateLoss: Double
  /// The share of `beta` times KL in `loss`.
  public var klLoss: Double
  /// d(loss)/d(log p) of each token; [N], 0 outside trained sequences.
  public var coefficients: [Float]
  /// What one unit of a token's own loss weighs in `loss`, for each sequence; 0 where it is masked out.
  public var scales: [Double]
  /// The gradient by its origin, where that was asked for.
  public var parts: Parts?
  /// TRL's metrics.
  public var metrics: PolicyMetrics
}
