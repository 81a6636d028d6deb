import Components
import Foundation
import Testing

@testable import Training

/// One micro-batch that TRL's own `_compute_loss` was run on; see `Fixtures/make_loss_fixtures.py`.
private struct PolicyFixture: Decodable {
  struct Inputs: Decodable {
    var lengths: [Int]
    var logp: [Float]
    var old: [Float]
    var ref: [Float]
    var entropy: [Float]
    var advantages: [Double]
    var tokenAdvantages: [Float]
  }
  struct Options: Decodable {
    var beta: Double
    var lossType: String
    var importanceSamplingLevel: String
    var epsilon: Double
    var epsilonHigh: Double?
    var delta: Double?
    var useBiasCorrectionKl: Bool
    var maxCompletionLength: Int
  }
  struct Case: Decodable {
    var name: String
    var set: Int
    var config: Options
    var old: Bool
    var masked: [Int]
    var perToken: Bool
    var accumulationSteps: Int
    var stepsPerGeneration: Int
    var itemsInBatch: Int
    var loss: Double
    var coefficients: [Double]
    var metrics: [String: Double?]
  }
  var sets: [Inputs]
  var cases: [Case]
}

extension PolicyFixture.Options {
  fileprivate func configuration() throws -> GRPOConfiguration {
    var configuration = GRPOConfiguration()
    configuration.beta = beta
    configuration.lossType = try #require(GRPOConfiguration.LossType(rawValue: lossType))
    configuration.importanceSamplingLevel = try #require(
      GRPOConfiguration.ImportanceSamplingLevel(rawValue: importanceSamplingLevel)
    )
    configuration.epsilon = epsilon
    configuration.epsilonHigh = epsilonHigh
    configuration.delta = delta
    configuration.useBiasCorrectionKL = useBiasCorrectionKl
    configuration.maxCompletionLength = maxCompletionLength
    return configuration
  }
}

/// A packed batch of sequences of the given lengths.
func packed(_ lengths: [Int], masked: [Int] = []) -> [TrainedSequence] {
  var start = 0
  return lengths.enumerated().map { index, length in
    defer { start += length }
    return TrainedSequence(tokens: start..<start + length, isMaskedOut: masked.contains(index))
  }
}

@Suite("Policy loss against TRL's _compute_loss")
struct PolicyLossParityTests {
  @Test("loss, gradient and metrics of every case")
  func everyCase() throws {
    let fixture: PolicyFixture = try LossFixture.load("policy_loss.json")
    #expect(fixture.cases.count >= 100)
    for item in fixture.cases {
      let inputs = fixture.sets[item.set]
      let batch = PolicyBatch(
        sequences: packed(inputs.lengths, masked: item.masked),
        logProbs: inputs.logp,
        oldLogProbs: item.old ? inputs.old : nil,
        refLogProbs: item.config.beta != 0 ? inputs.ref : nil,
        entropies: inputs.entropy,
        advantages: item.perToken
          ? .perToken(inputs.tokenAdvantages) : .perSequence(inputs.advantages)
      )
      let result = PolicyLoss(try item.config.configuration()).evaluate(
        batch,
        normalizer: PolicyNormalizer(
          itemsInBatch: item.itemsInBatch,
          accumulationSteps: item.accumulationSteps,
          stepsPerGeneration: item.stepsPerGeneration
        ),
        separatingParts: true
      )
      // The fixture is float64, so what remains is the coefficients' storage as Float.
      #expect(abs(result.loss - item.loss) < 1e-12, "\(item.name): \(result.loss), \(item.loss)")
      let difference = largestDifference(result.coefficients, item.coefficients)
      #expect(difference < 1e-7, "\(item.name): coefficients differ by \(difference)")
      #expect(abs(result.surrogateLoss + result.klLoss - result.loss) < 1e-15)
      let parts = try #require(result.parts)
      let sum = zip(parts.surrogate, parts.kl).map { Double($0) + Double($1) }
      #expect(largestDifference(result.coefficients, sum) < 1e-7, "\(item.name): parts")

      #expect(result.metrics.entries.count == item.metrics.count, "\(item.name): metrics")
      for entry in result.metrics.entries {
        let expected = try #require(item.metrics[entry.name], "\(entry.name)")
        let agrees = expected.map { abs($0 - entry.value) < 1e-6 } ?? entry.value.isNaN
        #expect(
          agrees,
          "\(item.name): \(entry.name) is \(entry.value), \(String(describing: expected))"
        )
      }
    }
  }

  private static let golden = LossFixture.golden("models/qwen2/golden.json")

  /// Without KL and with ratio 1 the loss needs no model: it is the advantages' weighted mean.
  @Test(
    "the golden run without KL",
    .enabled(if: golden != nil, "no golden data beside the checkout")
  )
  func goldenWithoutKL() throws {
    struct Golden: Decodable {
      struct Micro: Decodable {
        var completionMask: [[Int]]
        var advantages: [Double]
        var numItemsInBatch: Double
        var accumulationSteps: Int
        var loss: Double
      }
      struct Case: Decodable { var microBatches: [Micro] }
      var grpo: [String: Case]
    }
    let golden: Golden = try LossFixture.decode(try #require(Self.golden))
    let micro = try #require(golden.grpo["no_kl"]).microBatches
    #expect(micro.count == 2)
    for micro in micro {
      let lengths = micro.completionMask.map { $0.reduce(0, +) }
      let batch = PolicyBatch(
        sequences: packed(lengths),
        logProbs: Array(repeating: -1, count: lengths.reduce(0, +)),
        advantages: .perSequence(micro.advantages)
      )
      let result = PolicyLoss(GRPOConfiguration()).evaluate(
        batch,
        normalizer: PolicyNormalizer(
          itemsInBatch: Int(micro.numItemsInBatch),
          accumulationSteps: micro.accumulationSteps
        )
      )
      #expect(abs(result.loss - micro.loss) < 1e-6)
    }
  }
}
