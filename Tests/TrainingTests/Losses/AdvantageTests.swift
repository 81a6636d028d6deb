import Foundation
import Testing

@testable import Training

/// One case of the golden file, or of the project's own fixture, which has TRL's metrics besides.
private struct AdvantageCase: Decodable {
  var numGenerations: Int
  var rewardWeights: [Double]
  var multiObjectiveAggregation: String
  var scaleRewards: String
  var rewards: [[Double?]]
  var advantages: [Double]
  var metrics: [String: Double?]?

  func estimate() throws -> Advantages {
    let estimator = AdvantageEstimator(
      scaling: try #require(GRPOConfiguration.ScaleRewards(rawValue: scaleRewards)),
      aggregation: try #require(
        GRPOConfiguration.MultiObjectiveAggregation(rawValue: multiObjectiveAggregation)
      ),
      weights: rewardWeights
    )
    return try estimator.estimate(
      scores: rewardWeights.indices.map { function in rewards.map { $0[function] } },
      groups: rewards.indices.map { $0 / numGenerations }
    )
  }
}

@Suite("Advantages")
struct AdvantageTests {
  private static let golden = LossFixture.golden("models/advantages.json")

  @Test("the golden cases", .enabled(if: golden != nil, "no golden data beside the checkout"))
  func goldenCases() throws {
    let cases: [AdvantageCase] = try LossFixture.decode(try #require(Self.golden))
    #expect(cases.count == 12)
    for item in cases {
      let result = try item.estimate()
      let difference = zip(result.values, item.advantages).map { abs($0 - $1) }.max() ?? .infinity
      #expect(result.values.count == item.advantages.count && difference < 1e-6)
    }
  }

  @Test("advantages and logged metrics against TRL's trainer")
  func parity() throws {
    let cases: [AdvantageCase] = try LossFixture.load("advantages.json")
    #expect(cases.count == 30)
    for item in cases {
      let result = try item.estimate()
      // TRL computes in float32.
      for (mine, theirs) in zip(result.values, item.advantages) {
        #expect(abs(mine - theirs) < 1e-5, "\(mine), \(theirs)")
      }
      var metrics: [String: Double] = [
        "reward": result.reward.mean, "reward_std": result.reward.std,
        "frac_reward_zero_std": result.fracRewardZeroStd,
      ]
      for (index, moments) in result.functions.enumerated() {
        metrics["rewards/f\(index)/mean"] = moments.mean
        metrics["rewards/f\(index)/std"] = moments.std
      }
      let expected = try #require(item.metrics)
      #expect(Set(metrics.keys) == Set(expected.keys))
      for (name, value) in expected {
        let mine = try #require(metrics[name])
        #expect(value.map { abs($0 - mine) < 1e-5 } ?? mine.isNaN, "\(name): \(mine)")
      }
    }
  }

  @Test("by hand: two groups, group scaling")
  func byHand() throws {
    let result = try AdvantageEstimator().estimate(
      scores: [[1, 0, 3, 3, nil, 0]],
      groups: [7, 7, 2, 2, 2, 7]
    )
    let std = (1 / 3.0).squareRoot()
    #expect(abs(result.values[0] - (2 / 3.0) / (std + 1e-4)) < 1e-12)
    #expect(abs(result.values[1] + (1 / 3.0) / (std + 1e-4)) < 1e-12)
    #expect(result.values[1] == result.values[5])
    #expect(result.values[2...4] == [0, 0, 0])
    #expect(result.totals == [1, 0, 3, 3, nil, 0])
    #expect(result.fracRewardZeroStd == 0.5)
    #expect(result.reward.mean == 7 / 5.0)
  }

  /// 0.1 three times over has a rounded mean that is not 0.1; 1e-17 over 1e-4 would be a gradient.
  @Test("equal rewards give exactly no signal", arguments: [0.1, 0.7, 1e9 + 0.1, -3.3])
  func equalRewards(reward: Double) throws {
    for aggregation in GRPOConfiguration.MultiObjectiveAggregation.allCases {
      for scaling in GRPOConfiguration.ScaleRewards.allCases {
        let result = try AdvantageEstimator(scaling: scaling, aggregation: aggregation)
          .estimate(scores: [Array(repeating: reward, count: 6)], groups: [0, 0, 0, 1, 1, 1])
        #expect(result.values == Array(repeating: 0, count: 6))
        #expect(result.fracRewardZeroStd == 1)
      }
    }
  }

  @Test("an unscorable sample moves nobody else's advantage")
  func unscorable() throws {
    let estimator = AdvantageEstimator()
    let with = try estimator.estimate(scores: [[1, nil, 2, 4]], groups: [0, 0, 0, 0])
    let without = try estimator.estimate(scores: [[1, 2, 4]], groups: [0, 0, 0])
    #expect([with.values[0], with.values[2], with.values[3]] == without.values)
    #expect(with.values[1] == 0)
  }

  @Test("a group of one has advantage 0")
  func single() throws {
    for scaling in GRPOConfiguration.ScaleRewards.allCases {
      let result = try AdvantageEstimator(scaling: scaling)
        .estimate(scores: [[2, 5, 6]], groups: [0, 1, 1])
      #expect(result.values[0] == 0)
      #expect(result.values[2] > 0)
      // TRL counts a group of one among those without spread.
      #expect(result.fracRewardZeroStd == (scaling == .batch ? 0 : 1 / 3.0))
    }
  }

  @Test("weights, and abstentions of one of two functions")
  func totals() {
    let estimator = AdvantageEstimator(weights: [2, -1])
    #expect(
      estimator.totals([[1, 1, nil, nil], [3, nil, 3, nil]]) == [-1, 2, -3, nil]
    )
    #expect(AdvantageEstimator().totals([[1], [3]]) == [4])
  }

  @Test("a score that is not finite is named", arguments: [Double.nan, .infinity])
  func notFinite(score: Double) {
    let error = #expect(throws: AdvantageError.self) {
      try AdvantageEstimator().estimate(scores: [[0, 1], [0, score]], groups: [0, 0])
    }
    #expect(error?.function == 1 && error?.sample == 1)
    #expect(error?.description.contains("\(score)") == true)
  }
}
