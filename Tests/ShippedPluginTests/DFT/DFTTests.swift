import Components
import Foundation
import Testing

@Suite("dft")
struct DFTTests {
  @Test("SFT at every step, with one pass for the probabilities")
  func always() throws {
    let strategy = try shippedStrategy("dft", [:])
    #expect(strategy.requirements == [.demonstrations, .statisticsPass])
    var run = SimulatedRun(strategy)
    for plan in try run.run(5) { #expect(plan == StepPlan(.sft, reason: plan.reason)) }
    #expect(try strategy.saveState().isEmpty)
  }

  @Test("a token has -p / N, whatever the host's own coefficient is")
  func formula() throws {
    let strategy = try shippedStrategy("dft", [:])
    let sequences = [5, 1, 60].map { count in
      FakeSequence(
        kind: .demonstration,
        logProbs: numbers(count, in: -15...0, seed: UInt64(count)).map(Float.init),
        coefficients: Array(repeating: Float(count), count: count)
      )
    }
    let answer = try #require(try strategy.tokenWeights(TokenWeightRequest(sequences)))
    let logProbs = sequences.flatMap(\.logProbs)
    #expect(answer.count == 66)
    for (token, logProb) in logProbs.enumerated() {
      let expected = -exp(Double(logProb)) / 66
      #expect(abs(Double(answer[token]) - expected) <= 1e-7 * abs(expected))
    }
  }

  @Test("a sure token has the SFT coefficient, a hopeless one none")
  func edges() throws {
    let strategy = try shippedStrategy("dft", [:])
    let request = TokenWeightRequest([
      FakeSequence(kind: .demonstration, logProbs: [0, -300], coefficients: [0, 0])
    ])
    #expect(try strategy.tokenWeights(request) == [-0.5, 0])
  }
}
