import LanguageModels
import Tensors

/// How alike the policy gradients of two sets of advantages are.
public struct GradientAgreement: Sendable, Equatable {
  /// Cosine of the angle between the two gradients; NaN where one of them vanishes.
  public var cosine: Double
  /// Norm of the gradient under the first advantages.
  public var firstNorm: Double
  /// Norm of the gradient under the second advantages.
  public var secondNorm: Double
}

extension Objective {
  /// Compares the policy gradients of the same completions under two sets of advantages, at the model's weights.
  ///
  /// The surrogate alone counts: KL does not depend on advantages and would hide the angle. Log-probs under the sampling policy
  /// are taken to be the present ones, so every ratio is 1 and nothing is clipped.
  ///
  /// - Parameters:
  ///   - sequences: the completions; their own advantages are not read.
  ///   - advantages: two values for each sequence.
  ///   - configuration: loss type, temperature and `mask_truncated_completions` are read.
  ///   - batchSize: sequences that are computed together: bounds memory, not the answer.
  func gradientAgreement(
    _ sequences: [TrainingSequence],
    advantages: (first: [Double], second: [Double]),
    configuration: GRPOConfiguration,
    batchSize: Int
  ) -> GradientAgreement {
    policyGradient(sequences, advantages.first, configuration, batchSize)
    let first = model.trained.gradientCopy()
    let firstNorm = model.trained.gradNorm()
    policyGradient(sequences, advantages.second, configuration, batchSize)
    let secondNorm = model.trained.gradNorm()
    let product = firstNorm * secondNorm
    return GradientAgreement(
      cosine: product > 0 ? model.trained.dot(first) / product : .nan,
      firstNorm: firstNorm,
      secondNorm: secondNorm
    )
  }

  /// Leaves the gradient of the surrogate in the model's gradient buffer.
  private func policyGradient(
    _ sequences: [TrainingSequence],
    _ advantages: [Double],
    _ configuration: GRPOConfiguration,
    _ batchSize: Int
  ) {
    var grpo = configuration
    grpo.beta = 0
    // bnpo divides by the micro-batch's tokens, which here is a matter of memory; over the whole batch that is dapo.
    if grpo.lossType == .bnpo { grpo.lossType = .dapo }
    let masked = grpo.maskTruncatedCompletions
    let items = sequences.reduce(0) { $0 + (masked && $1.truncated ? 0 : $1.sampledTokens) }
    model.trained.zeroGrad()
    for start in stride(from: 0, to: sequences.count, by: max(batchSize, 1)) {
      let range = start..<min(sequences.count, start + max(batchSize, 1))
      let batch = MicroBatch(
        range.map { index in
          var sequence = sequences[index]
          sequence.advantage = advantages[index]
          sequence.oldLogProbs = nil
          sequence.refLogProbs = nil
          return sequence
        }
      )
      _ = differentiate(batch, temperature: Float(grpo.temperature)) { logProbs in
        let result = PolicyLoss(grpo).evaluate(
          batch.policyBatch(logProbs: logProbs, entropies: nil, maskTruncated: masked),
          normalizer: PolicyNormalizer(
            itemsInBatch: items,
            sequencesInMicroBatch: sequences.count
          )
        )
        return (result.loss, result.coefficients)
      }
    }
  }
}
