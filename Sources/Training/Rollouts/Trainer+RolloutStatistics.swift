import Components
import LanguageModels

extension Trainer {
  /// What a generation batch looked like, under TRL's metric names.
  func describe(_ groups: [RolloutGroup]) throws -> RolloutStatistics {
    let samples = groups.flatMap(\.samples)
    let scores = rewards.names.indices.map { function in samples.map { $0.scores[function] } }
    let owners = groups.enumerated().flatMap { index, group in
      Array(repeating: index, count: group.samples.count)
    }
    let advantages = try estimator.estimate(
      scores: rewards.contributions(scores),
      groups: owners
    )
    let lengths = samples.map { Double($0.completion.tokens.count) }
    let ended = samples.filter { $0.completion.finishReason == .eos }
      .map { Double($0.completion.tokens.count) }
    let clipped = Double(samples.count - ended.count) / Double(max(samples.count, 1))
    var statistics = RolloutStatistics()
    statistics.rewardMean = advantages.reward.mean
    statistics.rewardStd = advantages.reward.std
    statistics.fracRewardZeroStd = advantages.fracRewardZeroStd
    statistics.successRate =
      Double(samples.filter(\.solved).count) / Double(max(samples.count, 1))
    statistics.completionLength = Moments(lengths).mean
    statistics.generatedTokens = samples.reduce(0) {
      $0 + $1.completion.tokens.count - $1.completion.prefixCount
    }
    statistics.metrics =
      [
        Diagnostic("completions/mean_length", statistics.completionLength),
        Diagnostic("completions/min_length", lengths.min() ?? 0),
        Diagnostic("completions/max_length", lengths.max() ?? 0),
        Diagnostic("completions/clipped_ratio", clipped),
        Diagnostic("completions/mean_terminated_length", Moments(ended).mean),
        Diagnostic("completions/min_terminated_length", ended.min() ?? 0),
        Diagnostic("completions/max_terminated_length", ended.max() ?? 0),
      ]
      + zip(rewards.names, scores).flatMap { name, scores in
        // Of what the reward said, not of what became of it.
        let moments = NanAwareMoments(scores)
        return [
          Diagnostic("rewards/\(name)/mean", moments.mean),
          Diagnostic("rewards/\(name)/std", moments.std),
        ]
      } + rewards.composition.metrics(scores) + [
        Diagnostic("reward", advantages.reward.mean),
        Diagnostic("reward_std", advantages.reward.std),
        Diagnostic("frac_reward_zero_std", advantages.fracRewardZeroStd),
      ]
    return statistics
  }
}
