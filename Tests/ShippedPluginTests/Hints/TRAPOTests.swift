import Components
import Foundation
import PluginHost
import Testing

@Suite("trapo")
struct TRAPOTests {
  /// Samples a whole group whose sample `i` has `reward(i, its prefix)`; gives the parts.
  private func parts(
    _ strategy: any MixingStrategy,
    groupSize: Int = 8,
    demonstration: Int = 21,
    _ reward: (Int, Int) -> Double?
  ) throws -> [[Int]] {
    var parts: [[Int]] = []
    var rewards: [Double?] = []
    while rewards.count < groupSize {
      let request = shapeRequest(
        groupSize: groupSize,
        demonstration: demonstration,
        rewards: rewards
      )
      let lengths = try #require(try strategy.shapeRollout(request)).prefixLengths
      #expect(!lengths.isEmpty && rewards.count + lengths.count <= groupSize)
      for length in lengths { rewards.append(reward(rewards.count, length)) }
      parts.append(lengths)
    }
    return parts
  }

  @Test("a group of 8 is 4, 2, 1, 1; prefixes 25 %, 50 % and the whole while the score is low")
  func parts() throws {
    let strategy = try shippedStrategy("trapo", [:])
    #expect(try parts(strategy) { _, _ in 0 } == [[0, 0, 0, 0], [5, 5], [10], [21]])
    #expect(try parts(strategy) { _, _ in 1 } == [[0, 0, 0, 0], [0, 0], [0], [0]])
    // Half of four is not low; below half is.
    #expect(try parts(strategy) { i, _ in i < 2 ? 1 : 0 } == [[0, 0, 0, 0], [0, 0], [10], [21]])
    // With the quarter given two samples are solved: 2 of 6 stay low, 3 of 7 too.
    #expect(
      try parts(strategy) { _, length in length >= 5 ? 1 : 0 } == [
        [0, 0, 0, 0], [5, 5], [10], [21],
      ]
    )
    #expect(
      try parts(strategy) { i, length in i < 1 || length >= 5 ? 1 : 0 } == [
        [0, 0, 0, 0], [5, 5], [0], [21],
      ]
    )
  }

  @Test("what nobody judged counts neither way, and with no score at all there is no prefix")
  func abstained() throws {
    let strategy = try shippedStrategy("trapo", [:])
    #expect(try parts(strategy) { _, _ in nil } == [[0, 0, 0, 0], [0, 0], [0], [0]])
    #expect(
      try parts(strategy) { i, _ in i == 0 ? 0 : nil } == [[0, 0, 0, 0], [5, 5], [10], [21]]
    )
    #expect(try parts(strategy) { i, _ in i == 0 ? 1 : nil } == [[0, 0, 0, 0], [0, 0], [0], [0]])
  }

  @Test("groups of other sizes are divided in proportion")
  func sizes() throws {
    let strategy = try shippedStrategy("trapo", [:])
    func counts(_ size: Int) throws -> [Int] {
      try parts(strategy, groupSize: size) { _, _ in 0 }.map(\.count)
    }
    #expect(try counts(16) == [8, 4, 2, 2])
    #expect(try counts(4) == [2, 1, 1])
    #expect(try counts(2) == [1, 1])
    #expect(try counts(1) == [1])
    #expect(try counts(11) == [5, 3, 1, 2])
    for size in 1...40 { #expect(try counts(size).reduce(0, +) == size) }
    // What is passed over is passed over: a group of 4 has no part with the half.
    #expect(try parts(strategy, groupSize: 4) { _, _ in 0 } == [[0, 0], [5], [21]])
  }

  @Test("other parts, and demonstrations that are short or empty")
  func other() throws {
    let strategy = try shippedStrategy(
      "trapo",
      [
        "sizes": .array([2, 2]), "prefixes": .array([0.5, 0.99]), "threshold": -1.0,
      ]
    )
    #expect(try parts(strategy, groupSize: 4) { _, _ in -2 } == [[10, 10], [20, 20]])
    #expect(try parts(strategy, groupSize: 4) { _, _ in -1 } == [[10, 10], [0, 0]])
    let usual = try shippedStrategy("trapo", [:])
    #expect(try parts(usual, demonstration: 0) { _, _ in 0 } == [[0, 0, 0, 0], [0, 0], [0], [0]])
    #expect(try parts(usual, demonstration: 1) { _, _ in 0 } == [[0, 0, 0, 0], [0, 0], [0], [1]])
  }

  @Test("a prefix's token has p / max(p, 0.1) over their number; sampled ones keep the host's")
  func tokens() throws {
    let request = HandmadeStep([
      .init(hint: 8, tokens: 8, advantage: 1), .init(hint: 2, tokens: 9, advantage: -1),
      .init(tokens: 4), .init(hint: 3, tokens: 4, scale: 0),
    ]).request
    for (parameters, weight, floor) in [
      ([:], 1.0, 0.1), (["weight": 0.25, "floor": 0.5], 0.25, 0.5),
    ] as [(ParameterValue, Double, Double)] {
      let answer = try #require(try shippedStrategy("trapo", parameters).tokenWeights(request))
      for token in request.kinds.indices {
        guard request.kinds[token] == .hint else {
          #expect(answer[token] == request.coefficients[token])
          continue
        }
        let p = exp(Double(request.logProbs[token]))
        #expect(abs(Double(answer[token]) + weight / 13 * (p < floor ? p / floor : 1)) < 1e-8)
      }
    }
    #expect(try shippedStrategy("trapo", [:]).tokenWeights(HandmadeStep([.init()]).request) == nil)
  }

  @Test("the threshold changes while the run goes on; wrong values are refused")
  func parameters() throws {
    let loaded = try changeableStrategy("trapo", [:])
    #expect(loaded.part.requirements == [.prompts, .promptDemonstrations, .statisticsPass])
    try loaded.reconfigure(["threshold": -0.5])
    #expect(try parts(loaded.part) { _, _ in 0 } == [[0, 0, 0, 0], [0, 0], [0], [0]])
    #expect(throws: (any Error).self) { try loaded.reconfigure(["sizes": .array([8])]) }
    for parameters in [
      ["sizes": .array([4, 4])], ["sizes": .array([]), "prefixes": .array([])],
      ["sizes": .array([4, 2, 1, 0])], ["prefixes": .array([0, 0.5, 1, 1.5])], ["floor": 0.0],
      ["weight": -1.0],
    ] as [ParameterValue] {
      #expect(throws: (any Error).self) { try shippedStrategy("trapo", parameters) }
    }
  }
}
