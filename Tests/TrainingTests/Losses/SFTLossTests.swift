import Foundation
import Testing

@testable import Training

@Suite("Supervised loss")
struct SFTLossTests {
  private struct Case: Decodable {
    var lossType: String
    var items: Int?
    var lengths: [Int]
    var logp: [Float]
    var entropy: [Float]
    var top: [Bool]
    var loss: Double
    var coefficients: [Double]
    var meanTokenAccuracy: Double
    var meanEntropy: Double
  }

  @Test("loss, gradient and metrics against TRL's compute_loss")
  func parity() throws {
    let cases: [Case] = try LossFixture.load("sft_loss.json")
    #expect(cases.count == 6)
    for item in cases {
      let type = try #require(SFTConfiguration.LossType(rawValue: item.lossType))
      let result = SFTLoss(type).evaluate(
        logProbs: item.logp,
        sequences: packed(item.lengths),
        itemsInWindow: item.items,
        isArgmax: item.top,
        entropies: item.entropy
      )
      #expect(abs(result.loss - item.loss) < 1e-12)
      #expect(largestDifference(result.coefficients, item.coefficients) < 1e-8)
      #expect(abs(try #require(result.metrics.meanTokenAccuracy) - item.meanTokenAccuracy) < 1e-6)
      #expect(abs(try #require(result.metrics.entropyMean) - item.meanEntropy) < 1e-6)
      #expect(result.metrics.tokens == item.logp.count)
    }
  }

  @Test("by hand: weights, masks and the moments")
  func byHand() {
    var sequences = packed([2, 1, 1])
    sequences[0].weight = 3
    sequences[2].isMaskedOut = true
    let result = SFTLoss().evaluate(
      logProbs: [-1, -2, -6, .nan],
      sequences: sequences,
      isArgmax: [true, false, false, true]
    )
    #expect(result.loss == (3 + 6 + 6) / 3.0)
    #expect(result.coefficients == [-1, -1, Float(-1.0 / 3), 0])
    #expect(result.metrics.nll == 3)
    #expect(abs(result.metrics.nllVariance - (4 + 1 + 9) / 3.0) < 1e-12)
    #expect(result.metrics.meanTokenAccuracy == 1 / 3.0)
    #expect(result.metrics.entropyMean == nil)
  }

  @Test("dft: the weight p is detached")
  func dft() {
    let result = SFTLoss(.dft).evaluate(logProbs: [-1, -2], sequences: packed([2]))
    #expect(abs(result.loss - (exp(-1.0) + 2 * exp(-2.0)) / 2) < 1e-12)
    let expected = [-exp(-1.0) / 2, -exp(-2.0) / 2]
    #expect(largestDifference(result.coefficients, expected) < 1e-8)
  }

  @Test("nll's gradient by differences")
  func differences() {
    let logProbs: [Float] = [-0.5, -1.25, -3, -0.125]
    let result = SFTLoss().evaluate(logProbs: logProbs, sequences: packed([1, 3]))
    for token in logProbs.indices {
      var moved = logProbs
      moved[token] += 0.25
      let loss = SFTLoss().evaluate(logProbs: moved, sequences: packed([1, 3])).loss
      #expect(abs((loss - result.loss) / 0.25 - Double(result.coefficients[token])) < 1e-12)
    }
  }

  @Test("micro-batches of a window add up to it", arguments: SFTConfiguration.LossType.allCases)
  func accumulation(type: SFTConfiguration.LossType) {
    var generator = TestGenerator(seed: 5)
    let logProbs = (0..<20).map { _ in Float.random(in: -4 ... -0.01, using: &generator) }
    let flags = logProbs.map { $0 > -1 }
    let loss = SFTLoss(type)
    let whole = loss.evaluate(
      logProbs: logProbs,
      sequences: packed([11, 2, 7]),
      isArgmax: flags
    )
    var first = loss.evaluate(
      logProbs: Array(logProbs[..<13]),
      sequences: packed([11, 2]),
      itemsInWindow: 20,
      isArgmax: Array(flags[..<13])
    )
    let second = loss.evaluate(
      logProbs: Array(logProbs[13...]),
      sequences: packed([7]),
      itemsInWindow: 20,
      isArgmax: Array(flags[13...])
    )
    first.loss += second.loss
    first.coefficients += second.coefficients
    first.metrics.merge(second.metrics)
    #expect(abs(first.loss - whole.loss) < 1e-12)
    #expect(first.coefficients == whole.coefficients)
    #expect(abs(first.metrics.nll - whole.metrics.nll) < 1e-12)
    #expect(abs(first.metrics.nllVariance - whole.metrics.nllVariance) < 1e-12)
    #expect(first.metrics.meanTokenAccuracy == whole.metrics.meanTokenAccuracy)
    #expect(first.metrics.tokens == 20)
  }

  @Test("a window without a trained token is loss 0")
  func empty() {
    let result = SFTLoss().evaluate(
      logProbs: [-1],
      sequences: [TrainedSequence(tokens: 0..<1, isMaskedOut: true)],
      isArgmax: [true]
    )
    #expect(result.loss == 0 && result.coefficients == [0])
    #expect(result.metrics.nll == 0 && result.metrics.nllVariance == 0)
    #expect(result.metrics.meanTokenAccuracy == 0)
  }
}
