import Components
import Foundation
import Testing

@Suite("prefix-rft")
struct PrefixRFTTests {
  private func begun(_ parameters: ParameterValue, horizon: Int = 200) throws -> any MixingStrategy
  {
    let strategy = try shippedStrategy("prefix-rft", parameters)
    var run = SimulatedRun(strategy)
    run.horizon = horizon
    _ = try strategy.beginStep(run.context())
    return strategy
  }

  @Test("the mean share falls from 95 % to 5 % over the run, or over decay_steps")
  func schedule() throws {
    for (parameters, steps) in [([:], 200), (["decay_steps": 50], 50)] as [(ParameterValue, Int)] {
      var run = SimulatedRun(try shippedStrategy("prefix-rft", parameters))
      run.horizon = 200
      for (step, plan) in try run.run(200).enumerated() {
        let expected =
          step < steps ? 0.05 + 0.45 * (1 + cos(.pi * Double(step) / Double(steps))) : 0.05
        #expect(abs(try plan.number("prefix_share") - expected) < 1e-12)
        #expect(plan.kind == .rl)
      }
    }
  }

  @Test(
    "the first sample has a prefix whose share is Beta distributed, the others none",
    arguments: [0, 100, 199]
  )
  func beta(step: Int) throws {
    let strategy = try begun([:])
    let mean = 0.05 + 0.45 * (1 + cos(.pi * Double(step) / 200))
    let a = min(max((20 * mean).rounded(), 1), 19)
    let shares = try (0..<4000).map { prompt -> Double in
      let request = shapeRequest(step: step, prompt: prompt, demonstration: 1001)
      let lengths = try #require(try strategy.shapeRollout(request)).prefixLengths
      #expect(lengths.count == 8 && lengths.dropFirst().allSatisfy { $0 == 0 })
      // The a-th smallest of 19 draws, the slow way: the draw below which a - 1 others lie.
      let draws = (0..<19).map { request.uniform(UInt64($0)) }
      let draw = try #require(draws.first { x in draws.count { $0 < x } == Int(a) - 1 })
      #expect(lengths[0] == Int((draw * 1000).rounded()))
      return Double(lengths[0]) / 1000
    }
    let found = shares.reduce(0, +) / 4000
    let variance = shares.reduce(0) { $0 + ($1 - found) * ($1 - found) } / 4000
    let expected = a * (20 - a) / (400 * 21)
    #expect(abs(found - a / 20) < 4.5 * (expected / 4000).squareRoot())
    #expect(abs(variance / expected - 1) < 0.2)
  }

  @Test("short demonstrations leave something to sample")
  func short() throws {
    let strategy = try begun([:])
    for count in 0...3 {
      for prompt in 0..<20 {
        let request = shapeRequest(prompt: prompt, groupSize: 2, demonstration: count)
        let lengths = try #require(try strategy.shapeRollout(request)).prefixLengths
        #expect(lengths.count == 2 && 0...max(count - 1, 0) ~= lengths[0] && lengths[1] == 0)
      }
    }
  }

  @Test(
    "a prefix keeps the surrogate of its trajectory at the tokens of highest entropy",
    arguments: [0, 0.2, 0.5, 1]
  )
  func tokens(share: Double) throws {
    let sequences: [HandmadeStep.Sequence] = [
      .init(hint: 35, tokens: 40, advantage: 1.3, scale: 0.01),
      .init(tokens: 6, advantage: -0.4),
      .init(hint: 10, tokens: 10, advantage: -0.9, scale: 0.02),
      .init(hint: 1, tokens: 3, advantage: 0.5), .init(hint: 4, tokens: 5, advantage: 2, scale: 0),
    ]
    let request = HandmadeStep(sequences, seed: 5).request
    let strategy = try begun(["top_entropy": .double(share)])
    let answer = try #require(try strategy.tokenWeights(request))
    var expected = request.coefficients
    for (index, sequence) in sequences.enumerated() where sequence.hint > 0 {
      let start = request.sequenceStarts[index]
      let hint = start..<(start + sequence.hint)
      let kept = [35: [0, 7, 18, 35], 10: [0, 2, 5, 10], 1: [0, 1, 1, 1], 4: [0, 1, 2, 4]][
        sequence.hint
      ]![[0, 0.2, 0.5, 1].firstIndex(of: share)!]
      for token in hint {
        let isKept = hint.count { request.entropies[$0] > request.entropies[token] } < kept
        let ratio = exp(Double(request.logProbs[token] - request.oldLogProbs[token]))
        let clipped = sequence.advantage > 0 ? ratio > 1.2 : ratio < 0.8
        expected[token] =
          isKept && !clipped
          ? Float(-sequence.advantage * Double(sequence.scale) * ratio) : 0
      }
    }
    #expect(largestDifference(answer, expected) < 1e-7)
  }

  @Test("equal entropies: the earlier tokens; no prefix: the host's own coefficients")
  func corners() throws {
    var request = HandmadeStep([.init(hint: 5, tokens: 5)]).request
    request.entropies = Array(repeating: 1, count: 5)
    request.oldLogProbs = request.logProbs
    let answer = try #require(try begun(["top_entropy": 0.4]).tokenWeights(request))
    #expect(answer == [-0.125, -0.125, 0, 0, 0])
    #expect(try begun([:]).tokenWeights(HandmadeStep([.init()]).request) == nil)
    request.scales = []
    let old = request
    let strategy = try begun([:])
    #expect(throws: (any Error).self) { try strategy.tokenWeights(old) }
  }

  @Test("wrong values are refused")
  func parameters() throws {
    let strategy = try shippedStrategy("prefix-rft", [:])
    #expect(strategy.requirements == [.prompts, .promptDemonstrations, .statisticsPass])
    for parameters in [
      ["low": 0.9, "high": 0.1], ["concentration": 1], ["top_entropy": 1.1], ["epsilon": -0.1],
      ["decay_steps": -1],
    ] as [ParameterValue] {
      #expect(throws: (any Error).self) { try shippedStrategy("prefix-rft", parameters) }
    }
  }
}
