import Components
import Testing

@testable import Training

/// How an optimizer step is cut into micro-batches changes nothing, except where the loss's definition says so.
@Suite("Policy loss: micro-batches")
struct PolicyLossAccumulationTests {
  private let lengths = [5, 2, 7, 1, 4, 6]
  private let whole: PolicyBatch

  init() {
    var generator = TestGenerator(seed: 3)
    let logProbs = (0..<25).map { _ in Float.random(in: -3 ... -0.1, using: &generator) }
    whole = PolicyBatch(
      sequences: packed(lengths),
      logProbs: logProbs,
      oldLogProbs: logProbs.map { $0 + Float.random(in: -0.5...0.5, using: &generator) },
      refLogProbs: logProbs.map { $0 + Float.random(in: -0.5...0.5, using: &generator) },
      entropies: logProbs.map { -$0 },
      advantages: .perSequence((0..<6).map { _ in Double.random(in: -2...2, using: &generator) })
    )
  }

  private func loss(_ type: GRPOConfiguration.LossType) -> PolicyLoss {
    var configuration = GRPOConfiguration()
    configuration.lossType = type
    configuration.beta = 0.1
    if type == .cispo { configuration.epsilonHigh = 1.2 }
    return PolicyLoss(configuration)
  }

  /// The batch's sequences `range`, as a batch of their own.
  private func piece(_ range: Range<Int>) -> PolicyBatch {
    let tokens =
      whole.sequences[range.lowerBound].tokens
      .lowerBound..<whole.sequences[range.upperBound - 1]
      .tokens.upperBound
    guard case .perSequence(let advantages) = whole.advantages else { preconditionFailure() }
    return PolicyBatch(
      sequences: packed(Array(lengths[range])),
      logProbs: Array(whole.logProbs[tokens]),
      oldLogProbs: Array(whole.oldLogProbs![tokens]),
      refLogProbs: Array(whole.refLogProbs![tokens]),
      entropies: Array(whole.entropies![tokens]),
      advantages: .perSequence(Array(advantages[range]))
    )
  }

  /// Loss, coefficients and metrics of the step, cut into `parts` micro-batches.
  private func accumulated(_ type: GRPOConfiguration.LossType, parts: Int) -> PolicyLossResult {
    let size = lengths.count / parts
    var total: PolicyLossResult?
    for part in 0..<parts {
      let result = loss(type).evaluate(
        piece(part * size..<(part + 1) * size),
        normalizer: PolicyNormalizer(itemsInBatch: 25, accumulationSteps: parts)
      )
      guard total != nil else {
        total = result
        continue
      }
      total!.loss += result.loss
      total!.coefficients += result.coefficients
      total!.metrics.merge(result.metrics)
    }
    return total!
  }

  @Test(
    "1, 2, 3 and 6 of them give the same step",
    arguments: GRPOConfiguration.LossType.allCases.filter { $0 != .bnpo }
  )
  func invariant(type: GRPOConfiguration.LossType) {
    let one = accumulated(type, parts: 1)
    for parts in [2, 3, 6] {
      let many = accumulated(type, parts: parts)
      #expect(abs(one.loss - many.loss) < 1e-12)
      #expect(largestDifference(one.coefficients, many.coefficients.map(Double.init)) < 1e-8)
    }
  }

  @Test("bnpo weighs tokens by their micro-batch: the documented difference")
  func bnpo() {
    let one = accumulated(.bnpo, parts: 1)
    let many = accumulated(.bnpo, parts: 2)
    #expect(abs(one.loss - many.loss) > 1e-3)
    // Micro-batches of 14 and 11 tokens, each mean halved: a token of them weighs 25 / 28 and 25 / 22 of its weight in one.
    for token in 0..<25 {
      let factor = token < 14 ? 25.0 / 28 : 25.0 / 22
      let expected = Double(one.coefficients[token]) * factor
      #expect(abs(Double(many.coefficients[token]) - expected) < 1e-7)
    }
  }

  @Test(
    "a whole window at once, told the size of its micro-batches",
    arguments: [GRPOConfiguration.LossType.grpo, .drGRPO]
  )
  func wholeWindow(type: GRPOConfiguration.LossType) {
    let many = accumulated(type, parts: 3)
    let once = loss(type).evaluate(
      whole,
      normalizer: PolicyNormalizer(
        itemsInBatch: 25,
        accumulationSteps: 3,
        sequencesInMicroBatch: 2
      )
    )
    #expect(abs(once.loss - many.loss) < 1e-12)
    #expect(largestDifference(once.coefficients, many.coefficients.map(Double.init)) < 1e-8)
  }

  @Test("merged metrics are those of one batch", arguments: GRPOConfiguration.LossType.allCases)
  func metrics(type: GRPOConfiguration.LossType) {
    let one = accumulated(type, parts: 1).metrics
    let many = accumulated(type, parts: 3).metrics
    #expect(one.tokens == 25 && many.tokens == 25)
    #expect(one.highMean > 0)
    for (a, b) in zip(one.entries, many.entries) {
      #expect(a.name == b.name && abs(a.value - b.value) < 1e-12, "\(a.name)")
    }
  }
}
