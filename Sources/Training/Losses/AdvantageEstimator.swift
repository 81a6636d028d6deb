/// TRL's group-relative advantages, from the scores of one or several reward functions.
///
///     sum_then_normalize   r = weighted sum of the scores;  A = (r - mean of the group) / (std + 1e-4)
///                          std: of the group (group), of the batch (batch); none: no division
///     normalize_then_sum   z = (score - mean) / (std + 1e-4) for each function in each group
///                          r = weighted sum of the z;  A = (r - mean of the batch) / (std of the batch + 1e-4)
///
/// Standard deviations have Bessel's correction. A score that is `nil` counts neither in a sum nor in a mean; a sample without
/// any score has advantage 0 and moves nobody else's. Source: TRL 1.16.0, `GRPOTrainer._generate_and_score_completions`, here
/// in Double instead of Float32.
///
/// - Complexity: O(functions * samples).
public struct AdvantageEstimator: Sendable, Equatable {
  /// What keeps a division by a vanishing standard deviation finite; TRL's constant.
  static let stabilizer = 1e-4
  /// A standard deviation up to here counts as 0: the absolute tolerance of `torch.isclose`.
  static let zeroTolerance = 1e-8

  /// What advantages are divided by. Of no effect with `normalizeThenSum`.
  public var scaling: GRPOConfiguration.ScaleRewards
  /// How several rewards become one advantage.
  public var aggregation: GRPOConfiguration.MultiObjectiveAggregation
  /// A weight for each reward function; empty for 1 each.
  public var weights: [Double]

  /// Creates an estimator.
  public init(
    scaling: GRPOConfiguration.ScaleRewards = .group,
    aggregation: GRPOConfiguration.MultiObjectiveAggregation = .sumThenNormalize,
    weights: [Double] = []
  ) {
    self.scaling = scaling
    self.aggregation = aggregation
    self.weights = weights
  }

  /// Weighted sums of the scores that are there; `nil` for a sample without any.
  ///
  /// - Parameter scores: `scores[function][sample]`, `nil` where the function abstained.
  public func totals(_ scores: [[Double?]]) -> [Double?] {
    guard let first = scores.first else { return [] }
    return first.indices.map { sample in
      guard scores.contains(where: { $0[sample] != nil }) else { return nil }
      var sum = 0.0
      for (function, column) in scores.enumerated() {
        if let score = column[sample] { sum += weight(function) * score }
      }
      return sum
    }
  }

  /// Advantages of a generation batch's samples.
  ///
  /// - Parameters:
  ///   - scores: `scores[function][sample]`, `nil` where the function abstained.
  ///   - groups: the group of each sample; groups may differ in size and need not stand side by side.
  /// - Throws: `AdvantageError` for a score that is not finite.
  /// - Precondition: there is a function, each has one score for each sample, and there is a weight for each, or none.
  public func estimate(scores: [[Double?]], groups: [Int]) throws(AdvantageError) -> Advantages {
    precondition(!scores.isEmpty, "no reward function")
    precondition(
      weights.isEmpty || weights.count == scores.count,
      "\(weights.count) reward weights for \(scores.count) reward functions"
    )
    for (function, column) in scores.enumerated() {
      precondition(
        column.count == groups.count,
        "reward function \(function) has \(column.count) scores for \(groups.count) samples"
      )
      for (sample, score) in column.enumerated() {
        if let score, !score.isFinite {
          throw AdvantageError(function: function, sample: sample, score: score)
        }
      }
    }

    let totals = totals(scores)
    let members = Self.members(groups)
    let (advantages, deviations) =
      switch aggregation {
      case .sumThenNormalize: sumThenNormalize(totals, members: members)
      case .normalizeThenSum: normalizeThenSum(scores, totals: totals, members: members)
      }
    let zeros = deviations.reduce(0) { $0 + ($1 <= Self.zeroTolerance ? 1 : 0) }
    let reward = NanAwareMoments(totals)
    return Advantages(
      values: advantages,
      totals: totals,
      functions: scores.map { column in
        let moments = NanAwareMoments(column)
        return Advantages.Moments(mean: moments.mean, std: moments.std)
      },
      reward: Advantages.Moments(mean: reward.mean, std: reward.std),
      fracRewardZeroStd: Double(zeros) / Double(groups.count)
    )
  }

  /// Advantages, and for each sample the standard deviation that was looked at.
  private func sumThenNormalize(_ totals: [Double?], members: [[Int]]) -> ([Double], [Double]) {
    var advantages = [Double](repeating: 0, count: totals.count)
    var deviations = advantages
    let batchDeviation = totals.count > 1 ? NanAwareMoments(totals).std : 0
    for group in members {
      let moments = NanAwareMoments(group.lazy.map { totals[$0] })
      let deviation =
        switch scaling {
        case .batch: batchDeviation
        case .group, .none: group.count > 1 ? moments.std : 0
        }
      let divisor = scaling == .none ? 1 : deviation + Self.stabilizer
      for sample in group {
        deviations[sample] = deviation
        guard let total = totals[sample] else { continue }
        advantages[sample] = Self.orZero((total - moments.mean) / divisor)
      }
    }
    return (advantages, deviations)
  }

  private func normalizeThenSum(
    _ scores: [[Double?]],
    totals: [Double?],
    members: [[Int]]
  ) -> ([Double], [Double]) {
    var sums = totals.map { $0.map { _ in 0.0 } }
    for (function, column) in scores.enumerated() {
      for group in members {
        let moments = NanAwareMoments(group.lazy.map { column[$0] })
        let deviation = group.count > 1 ? moments.std : 0
        for sample in group {
          guard let score = column[sample] else { continue }
          // Where only one sample of the group was scored, its deviation is undefined and TRL's nansum drops it.
          let normalized = (score - moments.mean) / (deviation + Self.stabilizer)
          sums[sample]? += weight(function) * Self.orZero(normalized)
        }
      }
    }
    let moments = NanAwareMoments(sums)
    let deviation = sums.count > 1 ? moments.std : 0
    let advantages = sums.map { sum in
      sum.map { Self.orZero(($0 - moments.mean) / (deviation + Self.stabilizer)) } ?? 0
    }
    return (advantages, Array(repeating: deviation, count: sums.count))
  }

  private func weight(_ function: Int) -> Double { weights.isEmpty ? 1 : weights[function] }

  /// The samples of each group, groups in the order of their first sample.
  private static func members(_ groups: [Int]) -> [[Int]] {
    var position: [Int: Int] = [:]
    var members: [[Int]] = []
    for (sample, group) in groups.enumerated() {
      if let index = position[group] {
        members[index].append(sample)
      } else {
        position[group] = members.count
        members.append([sample])
      }
    }
    return members
  }

  /// NaN, of an undefined deviation, becomes 0: such a sample carries no signal.
  private static func orZero(_ value: Double) -> Double { value.isNaN ? 0 : value }
}

/// A generation batch's advantages, and the reward metrics that TRL logs beside them.
public struct Advantages: Sendable, Equatable {
  /// A mean and a standard deviation.
  public struct Moments: Sendable, Equatable {
    /// The mean over the samples that have a score; NaN without any.
    public var mean: Double
    /// The standard deviation with Bessel's correction; NaN below two scores.
    public var std: Double
  }

  /// The advantage of each sample.
  public var values: [Double]
  /// The weighted sum of each sample's scores; `nil` where every function abstained.
  public var totals: [Double?]
  /// `rewards/NAME/mean` and `rewards/NAME/std` of each function.
  public var functions: [Moments]
  /// `reward` and `reward_std`: of the totals over the batch.
  public var reward: Moments
  /// `frac_reward_zero_std`: share of samples whose group (batch, with `batch` and `normalizeThenSum`) has no spread.
  public var fracRewardZeroStd: Double
}

/// A score that no advantage can be computed from.
public struct AdvantageError: Error, Equatable, CustomStringConvertible {
  /// The reward function's position.
  public var function: Int
  /// The sample's position.
  public var sample: Int
  /// What it said.
  public var score: Double

  /// The error, its place and the cure.
  public var description: String {
    """
    reward function \(function) scored sample \(sample) with \(score); a score must be finite: abstain where there is \
    nothing to score
    """
  }
}
