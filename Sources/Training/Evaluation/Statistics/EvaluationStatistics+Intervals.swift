extension EvaluationStatistics {
  /// A share of successes with its 95 % interval by Wilson's score method, which stays within 0...1 and keeps its coverage
  /// for few trials and for shares near 0 and 1, where the textbook interval collapses.
  ///
  /// Wilson 1927, "Probable inference, the law of succession, and statistical inference"; no continuity correction.
  ///
  /// - Precondition: there is a trial.
  public static func share(of successes: Int, in trials: Int) -> Estimate {
    precondition(0 <= successes && successes <= trials, "\(successes) of \(trials)")
    return wilson(Double(successes) / Double(trials), trials: Double(trials))
  }

  /// A mean over prompts with its 95 % interval, for scores of several completions each (pass@k, mean accuracy).
  ///
  /// The prompt is the unit that was drawn at random, so its completions do not count as trials of their own. For scores within
  /// 0...1 the interval is Wilson's with the effective number of trials, `m (1 - m)` over the variance of the mean `m` (Franco
  /// et al. 2019, "Comparative study of confidence intervals for proportions in complex sample surveys"): for scores of 0 and
  /// 1 that is the number of prompts and the interval `share(of:in:)`'s. Where all prompts score the same, which does not
  /// make the mean certain, it is the number of prompts too. For other bounds the interval is the normal one, cut to them.
  ///
  /// - Parameters:
  ///   - scores: the score of each prompt.
  ///   - bounds: the range that scores can have.
  /// - Precondition: there is a prompt.
  public static func mean(_ scores: [Double], bounds: ClosedRange<Double> = 0...1) -> Estimate {
    precondition(!scores.isEmpty, "the mean of no prompt")
    let moments = NanAwareMoments(scores.lazy.map(Optional.init))
    let mean = moments.mean
    let count = Double(scores.count)
    guard bounds.lowerBound >= 0 && bounds.upperBound <= 1 else {
      guard scores.count > 1 else {
        return Estimate(value: mean, low: bounds.lowerBound, high: bounds.upperBound)
      }
      let half = normalQuantile * moments.std / count.squareRoot()
      return Estimate(
        value: mean,
        low: max(bounds.lowerBound, mean - half),
        high: min(bounds.upperBound, mean + half)
      )
    }
    let squares = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return wilson(mean, trials: squares > 0 ? mean * (1 - mean) * count * count / squares : count)
  }

  /// Wilson's interval around a share, of a number of trials that need not be whole.
  private static func wilson(_ share: Double, trials n: Double) -> Estimate {
    precondition(n > 0, "a share of no trial")
    let z2 = normalQuantile * normalQuantile
    let center = (share + z2 / (2 * n)) / (1 + z2 / n)
    let half =
      normalQuantile / (1 + z2 / n)
      * (share * (1 - share) / n + z2 / (4 * n * n)).squareRoot()
    // At 0 and at 1 the ends are exact; rounding would put them beside the share itself.
    return Estimate(
      value: share,
      low: share == 0 ? 0 : max(0, center - half),
      high: share == 1 ? 1 : min(1, center + half)
    )
  }
}
