import Components
import Foundation
import Testing

@Suite("uft")
struct UFTTests {
  private func q(
    _ t: Int,
    _ low: Double = 0.05,
    _ high: Double = 0.95,
    _ steps: Int = 300
  ) -> Double {
    t < steps ? low + 0.5 * (high - low) * (1 + cos(.pi * Double(t) / Double(steps))) : 0
  }

  @Test("the share falls by half a cosine, and is 0 from hint_steps on")
  func schedule() throws {
    var run = SimulatedRun(try shippedStrategy("uft", [:]))
    for (step, plan) in try run.run(310).enumerated() {
      #expect(plan.kind == .rl)
      #expect(abs(try plan.number("hint_share") - q(step)) < 1e-12, "step \(step)")
    }
  }

  @Test("a hint has as many of the N pieces as draws fall below q, and the whole group has it")
  func pieces() throws {
    for (pieces, count) in [(5, 101), (5, 7), (3, 2), (1, 40), (8, 1), (8, 0)] {
      let strategy = try shippedStrategy("uft", ["pieces": .int(Int64(pieces))])
      for step in stride(from: 0, to: 300, by: 7) {
        let request = shapeRequest(step: step, prompt: step % 5, demonstration: count)
        let given = (0..<pieces).count { request.uniform(UInt64($0)) < q(step) }
        let length = max(count - 1, 0) * given / pieces
        let shape = try strategy.shapeRollout(request)
        #expect(shape?.prefixLengths == Array(repeating: length, count: 8), "step \(step)")
      }
      #expect(try strategy.shapeRollout(shapeRequest(step: 300)) == nil)
    }
  }

  @Test("pieces are binomial: mean N q, variance N q (1 - q)", arguments: [0, 150, 290])
  func binomial(step: Int) throws {
    let strategy = try shippedStrategy("uft", ["pieces": 5])
    let drawn = try (0..<4000).map { prompt -> Double in
      let shape = try strategy.shapeRollout(shapeRequest(step: step, prompt: prompt))
      return Double(try #require(shape).prefixLengths[0]) / 20
    }
    let mean = drawn.reduce(0, +) / 4000
    let variance = drawn.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4000
    let expected = 5 * q(step)
    let spread = (expected * (1 - q(step))).squareRoot()
    #expect(abs(mean - expected) < 4.5 * spread / 4000.0.squareRoot())
    #expect(abs(variance - spread * spread) < 0.15 * spread * spread + 0.01)
  }

  @Test("cut: step ends a hint at the start of a reasoning step")
  func steps() throws {
    let token = try shippedStrategy("uft", [:])
    let strategy = try shippedStrategy("uft", ["cut": "step"])
    let boundaries = [0, 11, 30, 31, 70, 95]
    for prompt in 0..<40 {
      let plain = shapeRequest(step: 120, prompt: prompt)
      let request = shapeRequest(step: 120, prompt: prompt, stepBoundaries: boundaries)
      let wanted = try #require(try token.shapeRollout(plain)).prefixLengths[0]
      let length = try #require(try strategy.shapeRollout(request)).prefixLengths[0]
      #expect(length == boundaries.filter { $0 <= wanted }.max())
      // Without boundaries there is no step to give.
      #expect(try strategy.shapeRollout(plain)?.prefixLengths[0] == 0)
    }
  }

  @Test("hint tokens have beta over their number in the step; sampled ones keep the host's")
  func likelihood() throws {
    let request = HandmadeStep([
      .init(hint: 3, tokens: 8), .init(tokens: 4), .init(hint: 5, tokens: 5),
      .init(hint: 1, tokens: 2, advantage: -2, scale: 0), .init(kind: .demonstration, tokens: 3),
    ]).request
    let answer = try #require(try shippedStrategy("uft", ["beta": 0.5]).tokenWeights(request))
    for token in request.kinds.indices {
      let expected = request.kinds[token] == .hint ? -0.5 / 9 : request.coefficients[token]
      #expect(abs(answer[token] - expected) < 1e-9)
    }
    // The default weight is 0.001.
    let usual = try #require(try shippedStrategy("uft", [:]).tokenWeights(request))
    #expect(usual[0] == Float(-0.001 / 9))
    let plain = HandmadeStep([.init(), .init()]).request
    #expect(try shippedStrategy("uft", [:]).tokenWeights(plain) == nil)
  }

  @Test("what is not used is not asked for; wrong values are refused")
  func parameters() throws {
    #expect(
      try shippedStrategy("uft", [:]).requirements
        == [.prompts, .promptDemonstrations, .statisticsPass]
    )
    for parameters in [["beta": 0.0], ["hint_steps": 0]] as [ParameterValue] {
      #expect(
        try shippedStrategy("uft", parameters).requirements == [.prompts, .promptDemonstrations]
      )
    }
    for parameters in [
      ["low": 0.9, "high": 0.1], ["high": 1.5], ["pieces": 0], ["beta": -1.0], ["cut": "word"],
      ["hint_steps": -1],
    ] as [ParameterValue] {
      #expect(throws: (any Error).self) { try shippedStrategy("uft", parameters) }
    }
    #expect(try shippedStrategy("uft", [:]).saveState().isEmpty)
  }
}
