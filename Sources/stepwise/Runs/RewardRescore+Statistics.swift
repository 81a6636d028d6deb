import Training

extension RewardRescore {
  /// How two numbers of the same rollouts go together.
  struct Agreement: Equatable {
    /// Rollouts that have both.
    var count: Int
    /// Pearson's; NaN where one of them never changes.
    var correlation: Double
  }

  /// A stretch of steps.
  struct Bucket {
    /// 0-based.
    var steps: Range<Int>
    var rollouts: Int
    var oldMean: Double
    var newMean: Double
    /// Of the run's total and the new score.
    var rewards: Agreement
    var advantages: Agreement
    /// Share of advantages whose sign is another one; 0 counts as a sign of its own.
    var changedSigns: Double
  }

  /// What was sampled: demonstrations that the strategy put into groups are left out of the statistics.
  private var sampled: [Int] { rollouts.indices.filter { !rollouts[$0].isDemonstration } }

  /// How many the reward abstained from.
  var abstained: Int { sampled.count { scores[$0] == nil } }

  /// Mean of the scores; NaN without any.
  var mean: Double { Self.mean(sampled.compactMap { scores[$0] }) }

  /// With the run's total.
  var withTotal: Agreement { rewardAgreement(sampled) }

  /// With each of the run's rewards, in the order of their first rollout.
  var withRewards: [(reward: String, agreement: Agreement)] {
    var names: [String] = []
    for index in sampled {
      for outcome in rollouts[index].rewards where !names.contains(outcome.reward) {
        names.append(outcome.reward)
      }
    }
    return names.map { name in
      let pairs = sampled.compactMap { index -> (Double, Double)? in
        let outcome = rollouts[index].rewards.first { $0.reward == name }
        guard let old = outcome?.score, let new = scores[index] else { return nil }
        return (old, new)
      }
      return (name, Self.agreement(pairs))
    }
  }

  /// Of the advantages that were used and those that the reward would have given.
  var withAdvantages: Agreement { advantageAgreement(sampled) }

  /// Share of the used advantages whose sign changes; NaN without any.
  var changedSigns: Double { changedSigns(sampled) }

  /// Stretches of ten steps, wider where they would be too many to read.
  var buckets: [Bucket] {
    guard let last = rollouts.last?.step else { return [] }
    let width = 10 * max(1, (last / 10 + Self.bucketLimit) / Self.bucketLimit)
    return stride(from: 0, through: last, by: width).compactMap { start in
      let steps = start..<(start + width)
      let members = sampled.filter { steps.contains(rollouts[$0].step) }
      guard !members.isEmpty else { return nil }
      return Bucket(
        steps: steps,
        rollouts: members.count,
        oldMean: Self.mean(members.compactMap { rollouts[$0].reward }),
        newMean: Self.mean(members.compactMap { scores[$0] }),
        rewards: rewardAgreement(members),
        advantages: advantageAgreement(members),
        changedSigns: changedSigns(members)
      )
    }
  }

  private static let bucketLimit = 30

  private func rewardAgreement(_ members: [Int]) -> Agreement {
    Self.agreement(
      members.compactMap { index in
        guard let old = rollouts[index].reward, let new = scores[index] else { return nil }
        return (old, new)
      }
    )
  }

  private func advantageAgreement(_ members: [Int]) -> Agreement {
    Self.agreement(
      members.compactMap { index in
        rollouts[index].advantage.map { ($0, advantages[index]) }
      }
    )
  }

  private func changedSigns(_ members: [Int]) -> Double {
    let pairs = members.compactMap { index in
      rollouts[index].advantage.map { ($0, advantages[index]) }
    }
    guard !pairs.isEmpty else { return .nan }
    return Double(pairs.count { Self.sign($0) != Self.sign($1) }) / Double(pairs.count)
  }

  /// Equal rewards differ from their mean by rounding; such an advantage pulls nowhere.
  private static func sign(_ value: Double) -> Int { abs(value) < 1e-9 ? 0 : value < 0 ? -1 : 1 }

  static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
  }

  /// Pearson's correlation of pairs.
  static func agreement(_ pairs: [(Double, Double)]) -> Agreement {
    let (x, y) = (mean(pairs.map(\.0)), mean(pairs.map(\.1)))
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (a, b) in pairs {
      xx += (a - x) * (a - x)
      yy += (b - y) * (b - y)
      xy += (a - x) * (b - y)
    }
    // The sums of squares of a constant are rounding errors, not spread.
    let floor = { (square: Double, mean: Double) in
      square <= 1e-24 * Double(pairs.count) * max(1, mean * mean)
    }
    let isFlat = floor(xx, x) || floor(yy, y)
    return Agreement(
      count: pairs.count,
      correlation: pairs.count < 2 || isFlat ? .nan : xy / (xx.squareRoot() * yy.squareRoot())
    )
  }
}
