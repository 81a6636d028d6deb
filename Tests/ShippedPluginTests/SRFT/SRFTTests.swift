import Components
import Foundation
import Testing

@Suite("srft")
struct SRFTTests {
  private func strategy(_ parameters: ParameterValue = [:]) throws -> any MixingStrategy {
    try shippedStrategy("srft", parameters)
  }

  /// Groups as the trainer shows them to `route`: solved or not, sample by sample.
  private func request(_ groups: [[Bool]]) -> RouteRequest {
    RouteRequest(
      step: 0,
      prompts: groups.enumerated().map { index, succeeded in
        PromptGroup(
          exampleID: UInt64(index),
          rewards: succeeded.map { $0 ? 1 : 0.25 },
          succeeded: succeeded,
          hasDemonstration: true
        )
      }
    )
  }

  /// What `advantages` sees after it: each group's samples, then its demonstration where it has one.
  private func advantages(
    _ groups: [[Bool]],
    demonstrations: Bool,
    abstained: Set<Int> = []
  ) -> AdvantageRequest {
    var request = AdvantageRequest(step: 0, rewards: [], group: [], isDemonstration: [])
    for (group, succeeded) in groups.enumerated() {
      for isDemonstration in succeeded.map({ _ in false }) + (demonstrations ? [true] : []) {
        let isAbstained = abstained.contains(request.rewards.count)
        request.rewards.append(isAbstained ? nil : 0.5)
        request.group.append(group)
        request.isDemonstration.append(isDemonstration)
      }
    }
    return request
  }

  @Test(
    "both parts at every step; demonstrations of the prompts are asked for where they are scored"
  )
  func plan() throws {
    let always: StrategyRequirements = [.demonstrations, .prompts, .statisticsPass]
    let cases: [(ParameterValue, StrategyRequirements)] = [
      ([:], always.union(.promptDemonstrations)),
      (["score_demonstrations": .bool(false)], always),
    ]
    for (parameters, needs) in cases {
      let strategy = try strategy(parameters)
      #expect(strategy.requirements == needs)
      var run = SimulatedRun(strategy)
      for plan in try run.run(3) { #expect(plan == StepPlan(.both, reason: plan.reason)) }
      #expect(try strategy.saveState().isEmpty)
    }
  }

  @Test("every demonstration joins its group, or none does")
  func routes() throws {
    let groups = [[true, false], [false, false]]
    #expect(
      try strategy().route(request(groups))
        == [PromptRoute(demonstration: .groupMember), PromptRoute(demonstration: .groupMember)]
    )
    #expect(try strategy(["score_demonstrations": .bool(false)]).route(request(groups)) == nil)
  }

  @Test("a rollout's advantage is +1 or -1, a demonstration's the z-score of +1 in its group")
  func signs() throws {
    let groups = [[true, false, false], [true, true, true], [false, false, false]]
    let strategy = try strategy()
    _ = try strategy.route(request(groups))
    let answer = try #require(try strategy.advantages(advantages(groups, demonstrations: true)))
    // 1 in {1, -1, -1, 1}: mean 0, deviation sqrt(4 / 3). In {1, 1, 1, 1}: none. In {-1, -1, -1, 1}: mean -1/2, deviation 1.
    let z = [1 / ((4.0 / 3).squareRoot() + 1e-4), 0, 1.5 / (1 + 1e-4)]
    let expected = [1, -1, -1, z[0], 1, 1, 1, z[1], -1, -1, -1, z[2]]
    for (a, b) in zip(answer, expected) { #expect(abs(a - b) < 1e-14) }
    #expect(answer.count == expected.count)
  }

  @Test("a rollout on which every reward abstained teaches nothing and moves no z-score")
  func abstained() throws {
    let groups = [[true, false, false], [false]]
    let strategy = try strategy()
    _ = try strategy.route(request(groups))
    let answer = try #require(
      try strategy.advantages(advantages(groups, demonstrations: true, abstained: [1, 4]))
    )
    // Group 0 without its second sample: 1 in {1, -1, 1}: mean 1/3, deviation sqrt(4 / 3). Group 1: 1 alone.
    let z = (2.0 / 3) / ((4.0 / 3).squareRoot() + 1e-4)
    let expected = [1, 0, -1, z, 0, 0]
    for (a, b) in zip(answer, expected) { #expect(abs(a - b) < 1e-14) }
  }

  @Test("without demonstrations in the groups the advantages are the signs")
  func withoutDemonstrations() throws {
    let groups = [[true, false], [false, true]]
    let strategy = try strategy(["score_demonstrations": .bool(false)])
    _ = try strategy.route(request(groups))
    #expect(
      try strategy.advantages(advantages(groups, demonstrations: false)) == [1, -1, -1, 1]
    )
  }

  @Test("w_SFT is 0.5 exp(-H), w_RL 0.1 exp(H) on solved rollouts, H the mean over rollout tokens")
  func weights() throws {
    func sequence(
      _ kind: SequenceKind,
      _ tokens: Int,
      _ entropy: Double,
      _ advantage: Double
    ) -> SequenceStatistics {
      SequenceStatistics(
        kind: kind,
        group: 0,
        tokens: tokens,
        nll: 1,
        entropy: entropy,
        advantage: advantage
      )
    }
    let statistics = StepStatistics(
      step: 0,
      sequences: [
        sequence(.demonstration, 1000, 9, 0), sequence(.rollout, 10, 0.4, 1),
        sequence(.rollout, 30, 1.2, -1), sequence(.scoredDemonstration, 1000, 7, 0.9),
        sequence(.rollout, 0, 5, 1),
      ]
    )
    let h = (10 * 0.4 + 30 * 1.2) / 40
    let cases: [(ParameterValue, Double, Double)] = [
      ([:], 0.5, 0.1), (["sft_factor": 2, "rl_factor": 0.7], 2, 0.7),
    ]
    for (parameters, sft, rl) in cases {
      let answer = try #require(try strategy(parameters).stepWeights(statistics))
      #expect(abs(answer.sftWeight - sft * exp(-h)) < 1e-15)
      #expect(answer.rlWeight == 1)
      let w = rl * exp(h)
      let expected = [1, w, 1, 1, w]
      #expect(zip(answer.sequenceWeights, expected).allSatisfy { abs($0 - $1) < 1e-15 })
      #expect(answer.sequenceWeights.count == 5)
    }
  }

  @Test("a sure policy has the bare factors")
  func sure() throws {
    let answer = try #require(
      try strategy().stepWeights(StepStatistics(step: 0, sequences: []))
    )
    #expect(answer == StepWeights(sftWeight: 0.5, rlWeight: 1))
  }

  @Test("a scored demonstration's token has -A p in place of a clipped ratio, beside its KL term")
  func tokens() throws {
    let request = HandmadeStep([
      .init(kind: .demonstration, tokens: 4), .init(tokens: 5, advantage: -1),
      .init(kind: .scoredDemonstration, tokens: 7, advantage: 0.86),
      .init(kind: .scoredDemonstration, tokens: 2, advantage: -0.3, scale: 0.5),
    ]).request
    let answer = try #require(try strategy().tokenWeights(request))
    let expected = request.coefficients.indices.map { token -> Double in
      if token < 9 { return Double(request.coefficients[token]) }
      let (a, scale) = token < 16 ? (0.86, 0.125) : (-0.3, 0.5)
      return -a * scale * exp(Double(request.logProbs[token]))
        + Double(request.klCoefficients[token])
    }
    #expect(answer.count == expected.count)
    #expect(zip(answer, expected).allSatisfy { abs(Double($0) - $1) < 1e-7 })
    #expect(Array(answer[..<9]) == Array(request.coefficients[..<9]))
    let without = try strategy(["score_demonstrations": .bool(false)])
    #expect(try without.tokenWeights(request) == nil)
  }
}
