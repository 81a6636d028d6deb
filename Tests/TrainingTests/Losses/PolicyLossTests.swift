import Foundation
import Testing

@testable import Training

@Suite("Policy loss: by hand")
struct PolicyLossTests {
  private func loss(
    _ type: GRPOConfiguration.LossType,
    _ change: (inout GRPOConfiguration) -> Void = { _ in }
  ) -> PolicyLoss {
    var configuration = GRPOConfiguration()
    configuration.lossType = type
    configuration.maxCompletionLength = 10
    change(&configuration)
    return PolicyLoss(configuration)
  }

  /// Two sequences of 1 and 3 tokens with advantages 1 and -2, ratio 1: every token's loss is minus its advantage.
  private let plain = PolicyBatch(
    sequences: packed([1, 3]),
    logProbs: [-1, -2, -3, -4],
    advantages: .perSequence([1, -2])
  )

  @Test("reductions", arguments: GRPOConfiguration.LossType.allCases)
  func reductions(type: GRPOConfiguration.LossType) {
    let normalizer = PolicyNormalizer(itemsInBatch: 20, accumulationSteps: 2, stepsPerGeneration: 4)
    let result = loss(type) { $0.epsilonHigh = 5 }.evaluate(plain, normalizer: normalizer)
    // Sum of -A per token: -1 + 2 + 2 + 2 = 5; sequence means -1 and 2.
    let expected: (loss: Double, coefficients: [Double]) =
      switch type {
      case .grpo: ((-1 + 2) / 2.0 / 2, [-1 / 4.0, 2 / 12.0, 2 / 12.0, 2 / 12.0])
      case .bnpo: (5 / 4.0 / 2, [-1, 2, 2, 2].map { $0 / 8 })
      case .drGRPO: (5 / 20.0 / 2, [-1, 2, 2, 2].map { $0 / 40 })
      case .dapo: (5 / (20.0 * 2 / 4), [-1, 2, 2, 2].map { $0 / 10 })
      // -A lp per token: 1, then 2 * (-2 - 3 - 4).
      case .cispo: ((1 - 18) / 10.0, [-1, 2, 2, 2].map { $0 / 10 })
      }
    #expect(abs(result.loss - expected.loss) < 1e-12)
    #expect(largestDifference(result.coefficients, expected.coefficients) < 1e-7)
    #expect(result.klLoss == 0 && result.parts == nil && result.metrics.klMean == nil)
    #expect(result.metrics.tokens == 4)
  }

  @Test("a clipped token has no gradient, and is counted by the sign of its advantage")
  func clipping() {
    let batch = PolicyBatch(
      sequences: packed([1, 1, 1, 1]),
      logProbs: [-1, -1, -1, -1],
      oldLogProbs: [-1.5, -1.5, -0.5, -0.5],  // ratios e^0.5 and e^-0.5
      advantages: .perSequence([1, -1, 1, -1])
    )
    let result = loss(.bnpo).evaluate(batch, normalizer: PolicyNormalizer(itemsInBatch: 4))
    let up = exp(0.5)
    let down = exp(-0.5)
    #expect(abs(result.loss - (-1.2 + up - down + 0.8) / 4) < 1e-12)
    #expect(largestDifference(result.coefficients, [0, up / 4, -down / 4, 0]) < 1e-7)
    #expect(result.metrics.highMean == 0.25 && result.metrics.lowMean == 0.25)
    #expect(result.metrics.regionMean == 0.5)
    #expect(result.metrics.highMax == 1 && result.metrics.lowMin == 0)
  }

  @Test("delta caps what the clip leaves open: a bad token whose ratio exploded")
  func delta() {
    let batch = PolicyBatch(
      sequences: packed([1]),
      logProbs: [0],
      oldLogProbs: [-3],
      advantages: .perSequence([-1])
    )
    let normalizer = PolicyNormalizer(itemsInBatch: 1)
    let open = loss(.dapo).evaluate(batch, normalizer: normalizer)
    let capped = loss(.dapo) { $0.delta = 2 }.evaluate(batch, normalizer: normalizer)
    #expect(abs(open.loss - exp(3.0)) < 1e-12)
    #expect(abs(Double(open.coefficients[0]) - exp(3.0)) < 1e-5)
    #expect(capped.loss == 2 && capped.coefficients == [0])
  }

  @Test("KL without weight is measured and moves nothing")
  func measuredKL() {
    var batch = plain
    batch.refLogProbs = [-1, -2.5, -2.5, -400]
    let normalizer = PolicyNormalizer(itemsInBatch: 4)
    let without = loss(.dapo).evaluate(plain, normalizer: normalizer)
    let with = loss(.dapo).evaluate(batch, normalizer: normalizer)
    #expect(with.loss == without.loss && with.coefficients == without.coefficients)
    let expected = (exp(-0.5) + 0.5 - 1 + exp(0.5) - 0.5 - 1 + exp(-396.0) + 396 - 1) / 4
    #expect(abs(with.metrics.klMean! - expected) < 1e-9)
    // An infinite estimate does not turn into 0 * inf either.
    batch.refLogProbs = [-1, -2, -3, 1000]
    let infinite = loss(.dapo).evaluate(batch, normalizer: normalizer)
    #expect(infinite.loss == without.loss && infinite.coefficients == without.coefficients)
    #expect(infinite.metrics.klMean == .infinity)
  }

  @Test("sequence level without KL: one ratio, its gradient shared by the tokens")
  func sequenceLevel() {
    let batch = PolicyBatch(
      sequences: packed([2]),
      logProbs: [-1, -1],
      oldLogProbs: [-1.25, -0.95],  // mean log-ratio 0.1
      advantages: .perSequence([2])
    )
    let result = loss(.grpo) { $0.importanceSamplingLevel = .sequence }
      .evaluate(batch, normalizer: PolicyNormalizer(itemsInBatch: 2))
    let ratio = exp((0.25 - (Double(Float(-0.95)) + 1)) / 2)
    #expect(abs(result.loss + 2 * ratio) < 1e-12)
    #expect(largestDifference(result.coefficients, [-ratio, -ratio]) < 1e-6)
  }

  @Test("a masked sequence leaves loss and token counts, and stays one of the batch")
  func masking() {
    var masked = plain
    masked.sequences[1].isMaskedOut = true
    masked.logProbs[2] = .nan  // its numbers are not even looked at
    let normalizer = PolicyNormalizer(itemsInBatch: 1)
    #expect(loss(.grpo).evaluate(masked, normalizer: normalizer).loss == -0.5)
    #expect(loss(.bnpo).evaluate(masked, normalizer: normalizer).loss == -1)
    #expect(loss(.drGRPO).evaluate(masked, normalizer: normalizer).loss == -1 / 20.0)
    let result = loss(.dapo).evaluate(masked, normalizer: normalizer)
    #expect(result.loss == -1 && result.coefficients == [-1, 0, 0, 0])
    #expect(result.metrics.tokens == 1 && masked.trainedTokens == 1)
  }

  @Test("nothing to train is loss 0, not 0 / 0", arguments: GRPOConfiguration.LossType.allCases)
  func empty(type: GRPOConfiguration.LossType) {
    let normalizer = PolicyNormalizer(itemsInBatch: 0)
    let none = PolicyBatch(sequences: [], logProbs: [], advantages: .perSequence([]))
    #expect(loss(type).evaluate(none, normalizer: normalizer).loss == 0)
    let hollow = PolicyBatch(
      sequences: [TrainedSequence(tokens: 0..<0)],
      logProbs: [],
      advantages: .perSequence([1])
    )
    let result = loss(type).evaluate(hollow, normalizer: normalizer)
    #expect(result.loss == 0 && result.metrics.lowMin.isNaN)
  }

  @Test("a weight multiplies loss and gradient, not the counts")
  func weights() {
    var weighted = plain
    weighted.sequences[1].weight = 0.5
    let result = loss(.bnpo).evaluate(weighted, normalizer: PolicyNormalizer(itemsInBatch: 4))
    #expect(result.loss == (-1 + 3) / 4.0)
    #expect(result.coefficients == [-0.25, 0.25, 0.25, 0.25])
  }

  @Test("tokens outside the sequences keep coefficient 0")
  func gaps() {
    let batch = PolicyBatch(
      sequences: [TrainedSequence(tokens: 2..<3)],
      logProbs: [.nan, .nan, -1, .nan],
      advantages: .perSequence([3])
    )
    let result = loss(.dapo).evaluate(batch, normalizer: PolicyNormalizer(itemsInBatch: 1))
    #expect(result.loss == -3 && result.coefficients == [0, 0, -3, 0])
  }

  @Test("a NaN is not hidden")
  func notANumber() {
    var batch = plain
    batch.oldLogProbs = [-1, .nan, -3, -4]
    let result = loss(.dapo).evaluate(batch, normalizer: PolicyNormalizer(itemsInBatch: 4))
    #expect(result.loss.isNaN && result.coefficients[1].isNaN)
  }
}
