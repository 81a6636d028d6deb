extension EvaluationStatistics {
  /// A share of successes with its 95 % interval by Wilson's score method, which stays within 0...1 and keeps its coverage
  /// for few trials and for shares near 0 and 1, where the textbook interval collapses.
  ///
  /// Wilson 1927, "Probable inference, the law of succession, and statistical inference"; no continuity correction.
  ///
  /// - Precondition: there is a trial.
  public static func share(of successes: Int, in trials: Int) -> Estimate {
    precondition(0 <= successes && successes <= trials, "\(successes) of \(trials)")
    return wilson(Double(successes) / Double(trials), trials: trials)
  }

  /// A mean over prompts with its 95 % interval, for scores of several completions each (pass@k, mean accuracy).
  ///
  /// The prompt is the unit that was drawn at random, so its completions do not count as trials of their own. The interval is
  /// the normal one over prompts, cut to `bounds`. Where all prompts score the same it would have no width: then, for
  /// scores within 0...1, it is Wilson's over prompts.
  ///
  /// - Parameters:
  ///   - scores: the score of each prompt.
  ///   - bounds: the range that scores can have.
  /// - Precondition: there is a prompt.
  public static func mean(_ scores: [Double], bounds: ClosedRange<Double> = 0...1) -> Estimate {
    precondition(!scores.isEmpty, "the mean of no prompt")
    let moments = NanAwareMoments(scores.lazy.map(Optional.init))
    if bounds.lowerBound >= 0, bounds.upperBound <= 1, !(moments.std > 0) {
      return wilson(moments.mean, trials: scores.count)
    }
    guard scores.count > 1 else {
      return Estimate(value: moments.mean, low: bounds.lowerBound, high: bounds.upperBound)
    }
    let half = normalQuantile * moments.std / Double(scores.count).squareRoot()
    return Estimate(
      value: moments.mean,
      low: max(bounds.lowerBound, moments.mean - half),
      high: min(bounds.upperBound, moments.mean + half)
    )
  }

  /// Wilson's interval around a share, which need not be a whole number of successes.
  static func wilson(_ share: Double, trials: Int) -> Estimate {
    precondition(trials > 0, "a share of no trial")
    let n = Double(trials)
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
