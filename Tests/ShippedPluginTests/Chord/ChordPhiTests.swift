import Components
import Foundation
import PluginHost
import Testing

@Suite("chord-phi")
struct ChordPhiTests {
  @Test("both parts at every step, mixed by mu", arguments: [0.1, 0.5, 1])
  func weights(mu: Double) throws {
    let strategy = try shippedStrategy("chord-phi", ["mu": .double(mu)])
    #expect(strategy.requirements == [.demonstrations, .prompts, .statisticsPass])
    var run = SimulatedRun(strategy)
    for plan in try run.run(5) {
      #expect(plan.kind == .both && plan.sftWeight == mu && plan.rlWeight == 1 - mu)
    }
    #expect(try strategy.saveState().isEmpty)
  }

  @Test("mu is 0.1 by default; with 0 it is GRPO")
  func edges() throws {
    var usual = SimulatedRun(try shippedStrategy("chord-phi", [:]))
    #expect(try usual.run().sftWeight == 0.1)
    let none = try shippedStrategy("chord-phi", ["mu": 0])
    var run = SimulatedRun(none)
    #expect(try run.run().kind == .rl)
    let rollouts = TokenWeightRequest([
      FakeSequence(kind: .rollout, logProbs: [-1, -2], coefficients: [0.5, -0.25])
    ])
    #expect(try none.tokenWeights(rollouts) == [0.5, -0.25])
  }

  @Test("a demonstration's token has -mu p (1 - p) / N, a rollout's keeps the host's coefficient")
  func formula() throws {
    let strategy = try shippedStrategy("chord-phi", ["mu": 0.3])
    // Sure, hopeless and undecided tokens too.
    let first = numbers(40, in: -12...0).map(Float.init) + [0, -200, Float(log(0.5))]
    let second = numbers(9, in: -1...0, seed: 2).map(Float.init)
    let rollout = numbers(25, in: -3...0, seed: 3).map(Float.init)
    let own = numbers(25, in: -1...1, seed: 4).map(Float.init)
    let answer = try #require(
      try strategy.tokenWeights(
        TokenWeightRequest([
          FakeSequence(kind: .demonstration, logProbs: first, coefficients: first.map { _ in -9 }),
          FakeSequence(kind: .demonstration, logProbs: second, coefficients: second.map { _ in 7 }),
          FakeSequence(kind: .rollout, logProbs: rollout, coefficients: own),
        ])
      )
    )
    let demonstrations = first + second
    for (token, logProb) in demonstrations.enumerated() {
      let p = exp(Double(logProb))
      let expected = -0.3 * p * (1 - p) / Double(demonstrations.count)
      // 1e-40: below what a Float can hold.
      let tolerance = 1e-7 * abs(expected) + 1e-40
      #expect(abs(Double(answer[token]) - expected) <= tolerance, "log p \(logProb)")
    }
    #expect(answer[40] == 0 && answer[41] == 0)
    #expect(answer[42] == answer.prefix(demonstrations.count).min())
    #expect(Array(answer[demonstrations.count...]) == own)
  }

  @Test("a new mu counts from the next step, in weights and coefficients")
  func changes() throws {
    let component = try changeableStrategy("chord-phi", [:])
    let request = TokenWeightRequest([
      FakeSequence(kind: .demonstration, logProbs: [Float(log(0.5))], coefficients: [0])
    ])
    #expect(try component.part.tokenWeights(request) == [-0.025])
    try component.reconfigure(["mu": 0.4])
    #expect(try component.part.tokenWeights(request) == [-0.1])
    var run = SimulatedRun(component.part)
    #expect(try run.run().sftWeight == 0.4)
  }
}
