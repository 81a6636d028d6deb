import Components
import Foundation
import PluginHost
import Testing

@Suite("luffy")
struct LUFFYTests {
  static let step = HandmadeStep([
    .init(tokens: 9, advantage: -0.7),
    .init(kind: .scoredDemonstration, tokens: 12, advantage: 1.4, scale: 0.05),
    .init(tokens: 1, advantage: 0.2),
    .init(kind: .scoredDemonstration, tokens: 1, advantage: -0.3),
    .init(kind: .demonstration, tokens: 5, advantage: 0),
    .init(kind: .scoredDemonstration, tokens: 7, advantage: 0),
  ]).request

  @Test("every group has a demonstration among its members, judged by the run or by a number")
  func members() throws {
    let strategy = try shippedStrategy("luffy", [:])
    #expect(strategy.requirements == [.prompts, .promptDemonstrations, .statisticsPass])
    var run = SimulatedRun(strategy)
    let plan = try run.run()
    #expect(plan == StepPlan(.rl, groupDemonstrations: 1, reason: plan.reason))
    let request = routeRequest([[0, 0], [1, 1]])
    let judged = PromptRoute(demonstration: .groupMember, demonstrationReward: nil)
    #expect(try strategy.route(request) == [judged, judged])
    let given = try shippedStrategy("luffy", ["demonstration_reward": 2.5])
    #expect(try given.route(request)?.map(\.demonstrationReward) == [2.5, 2.5])
    // Advantages over the union are what the host computes of a group anyway.
    let members = AdvantageRequest(
      step: 0,
      rewards: [0, 1],
      group: [0, 0],
      isDemonstration: [false, true]
    )
    #expect(try strategy.advantages(members) == nil)
    #expect(try strategy.saveState().isEmpty)
  }

  @Test(
    "the coefficient is the slope of A p / (p + s), by finite differences",
    arguments: [0.1, 0.01, 1]
  )
  func shaping(s: Double) throws {
    let strategy = try shippedStrategy("luffy", ["shaping": .double(s)])
    let request = Self.step
    let answer = try #require(try strategy.tokenWeights(request))
    func objective(_ logProb: Double) -> Double { exp(logProb) / (exp(logProb) + s) }
    for (sequence, kind) in request.sequenceKinds.enumerated() {
      for token in request.sequenceStarts[sequence]..<request.sequenceStarts[sequence + 1] {
        guard kind == .scoredDemonstration else {
          #expect(answer[token] == request.coefficients[token], "rollouts keep what they have")
          continue
        }
        let (x, h) = (Double(request.logProbs[token]), 1e-5)
        let slope = (objective(x + h) - objective(x - h)) / (2 * h)
        let expected =
          -Double(request.advantages[token]) * Double(request.scales[token]) * slope
          + Double(request.klCoefficients[token])
        #expect(abs(Double(answer[token]) - expected) < 1e-8)
      }
    }
  }

  @Test("the table's form A 0.1 p / (p + 0.1)^2, largest at p = 0.1, for probabilities from 0 to 1")
  func table() throws {
    var request = HandmadeStep([.init(kind: .scoredDemonstration, tokens: 101, scale: 1)]).request
    request.klCoefficients = Array(repeating: 0, count: 101)
    request.logProbs = (0...100).map { $0 == 0 ? -.infinity : Float(log(Double($0) / 100)) }
    request.oldLogProbs = Array(repeating: -3, count: 101)
    let answer = try #require(try shippedStrategy("luffy", [:]).tokenWeights(request))
    for index in 0...100 {
      let p = Double(index) / 100
      #expect(abs(Double(-answer[index]) - 0.1 * p / ((p + 0.1) * (p + 0.1))) < 1e-6)
    }
    #expect(answer.min() == answer[10])
    #expect(answer[0] == 0)
  }

  @Test("a host that does not give the scales is told, not guessed at")
  func old() throws {
    var request = Self.step
    request.scales = []
    let strategy = try shippedStrategy("luffy", [:])
    let error = #expect(throws: (any Error).self) { try strategy.tokenWeights(request) }
    #expect(String(describing: error).contains("scales"))
  }

  @Test("shaping and reward change while the run goes on; wrong values are refused")
  func changes() throws {
    let loaded = try changeableStrategy("luffy", ["shaping": 0.5])
    let before = try loaded.part.tokenWeights(Self.step)
    try loaded.reconfigure(["shaping": 0.1])
    let after = try loaded.part.tokenWeights(Self.step)
    #expect(before != after)
    #expect(after == (try shippedStrategy("luffy", [:]).tokenWeights(Self.step)))
    #expect(throws: (any Error).self) { try shippedStrategy("luffy", ["shaping": 0.0]) }
    #expect(throws: (any Error).self) {
      try shippedStrategy("luffy", ["demonstration_reward": "much"])
    }
  }
}
