import Testing

@testable import Training
@testable import stepwise

@Suite struct RewardRescoreTests {
  private func rollout(
    _ step: Int,
    reward: Double?,
    advantage: Double?,
    style: Double? = nil,
    isDemonstration: Bool = false
  ) -> StoredRollout {
    StoredRollout(
      generation: step,
      step: step,
      id: 0,
      round: 0,
      group: 0,
      promptID: 1,
      epoch: 0,
      position: 0,
      isDemonstration: isDemonstration,
      completion: "",
      completionIDs: [],
      hint: 0,
      terminated: true,
      rewards: [.init(reward: "right", score: reward), .init(reward: "style", score: style)],
      reward: reward,
      advantage: advantage,
      weight: 1
    )
  }

  /// By hand: rewards 0 1 2, scores 1 0 5: r = 4 / sqrt(2 * 14).
  @Test func correlationsAreThoseOfTheNumbersThatAreThere() {
    let rescore = RewardRescore(
      reward: "new",
      rollouts: [
        rollout(0, reward: 0, advantage: -1, style: 4), rollout(0, reward: 1, advantage: 0),
        rollout(12, reward: 2, advantage: 1), rollout(12, reward: nil, advantage: nil, style: 2),
        rollout(12, reward: 9, advantage: 9, isDemonstration: true),
      ],
      scores: [1, 0, 5, nil, 100],
      advantages: [0.5, 0.5, 1e-17, -3, 7]
    )
    let expected = 4 / 28.0.squareRoot()
    #expect(abs(rescore.withTotal.correlation - expected) < 1e-12)
    #expect(rescore.withTotal.count == 3)
    #expect(rescore.abstained == 1 && rescore.mean == 2)
    #expect(rescore.withRewards.map(\.reward) == ["right", "style"])
    #expect(rescore.withRewards[1].agreement.count == 1)
    #expect(rescore.withRewards[1].agreement.correlation.isNaN)
    // -1 to 0.5, 0 to 0.5 and 1 to a rounding error: all three signs change.
    #expect(rescore.changedSigns == 1 && rescore.withAdvantages.count == 3)
    #expect(rescore.buckets.map(\.steps) == [0..<10, 10..<20])
    #expect(rescore.buckets.map(\.rollouts) == [2, 2])
    #expect(abs(rescore.buckets[0].rewards.correlation + 1) < 1e-12)
    #expect(rescore.buckets[1].oldMean == 2 && rescore.buckets[1].newMean == 5)
  }

  @Test func aRewardThatNeverChangesHasNoCorrelation() {
    #expect(RewardRescore.agreement([(0.1, 1), (0.1, 2), (0.1, 4)]).correlation.isNaN)
    #expect(RewardRescore.agreement([(1, 2)]).correlation.isNaN)
    #expect(abs(RewardRescore.agreement([(1, 2), (2, 4), (3, 6)]).correlation - 1) < 1e-12)
    #expect(abs(RewardRescore.agreement([(1e-9, 2), (2e-9, 1)]).correlation + 1) < 1e-12)
  }

  @Test func longRunsHaveWiderBuckets() {
    let rescore = RewardRescore(
      reward: "new",
      rollouts: (0..<1000).map { rollout($0, reward: Double($0 % 7), advantage: 1) },
      scores: (0..<1000).map { Double($0 % 5) },
      advantages: Array(repeating: 1, count: 1000)
    )
    #expect(rescore.buckets.count <= 30)
    #expect(rescore.buckets[0].steps.count % 10 == 0)
    #expect(rescore.buckets.reduce(0) { $0 + $1.rollouts } == 1000)
    #expect(rescore.changedSigns == 0)
  }
}
