/// A figure of an evaluation: a score of each prompt, of which the mean over prompts is reported.
///
/// Every figure has this form, so that the prompt, which was drawn at random, is the unit of all intervals, and any figure can be
/// split by category or compared in pairs.
public struct PromptMetric: Sendable {
  /// Its name in results, `pass@8` or `rewards/NAME/mean`.
  public let name: String
  /// What a score can be.
  public let bounds: ClosedRange<Double>
  /// The prompt's score, or `nil` where it says nothing about this.
  public let score: @Sendable (EvaluatedPrompt) -> Double?

  /// Creates a metric.
  public init(
    _ name: String,
    bounds: ClosedRange<Double> = 0...1,
    _ score: @escaping @Sendable (EvaluatedPrompt) -> Double?
  ) {
    self.name = name
    self.bounds = bounds
    self.score = score
  }

  static let anyNumber = -Double.infinity...Double.infinity
}

extension PromptMetric {
  /// The figures of an evaluation with `k` completions for each prompt.
  ///
  /// - Parameters:
  ///   - counts: for which k pass@k and maj@k are wanted, ascending; each at most `k`.
  ///   - rewards: the names of the rewards, in the order of the scores.
  ///   - votes: whether the rewards extract answers.
  public static func all(k: Int, counts: [Int], rewards: [String], votes: Bool) -> [PromptMetric] {
    precondition(counts.allSatisfy { 1...k ~= $0 }, "pass@\(counts) of \(k) completions")
    var metrics = counts.map(pass)
    if votes { metrics += counts.filter { $0 > 1 }.map(majority) }
    metrics.append(.reward)
    metrics += rewards.enumerated().map { .reward($1, at: $0) }
    metrics += [.meanLength, .clippedRatio]
    return k > 1 ? metrics + diversity(votes: votes) : metrics
  }

  /// 1, 2, 4 ... up to `k`, and `k` itself.
  public static func usualCounts(upTo k: Int) -> [Int] {
    var counts = Array(sequence(first: 1) { $0 * 2 }.prefix { $0 < k })
    counts.append(k)
    return counts
  }

  /// Accuracy, the chance that one completion is correct: mean@k of all completions.
  public static let passAt1 = pass(1)

  static func pass(_ k: Int) -> PromptMetric {
    PromptMetric("pass@\(k)") { prompt in
      prompt.completions.count < k
        ? nil
        : EvaluationStatistics.pass(at: k, correct: prompt.correct, of: prompt.completions.count)
    }
  }

  /// Whether the majority of `k` completions is right: the mean over the disjoint blocks of `k` that there are, each of which is
  /// such a draw. The completions that are left over do not vote.
  static func majority(_ k: Int) -> PromptMetric {
    PromptMetric("maj@\(k)") { prompt in
      let blocks = prompt.completions.count / k
      guard blocks > 0 else { return nil }
      let hits = (0..<blocks).count { block in
        let voters = prompt.completions[block * k..<(block + 1) * k]
        return EvaluationStatistics.majority(
          at: k,
          answers: voters.map(\.answer),
          correct: voters.map(\.solved)
        )
      }
      return Double(hits) / Double(blocks)
    }
  }

  /// The mean total reward; completions of which every reward abstained are left out.
  static let reward = PromptMetric("reward", bounds: anyNumber) {
    mean($0.completions.map(\.reward))
  }

  static func reward(_ name: String, at index: Int) -> PromptMetric {
    PromptMetric("rewards/\(name)/mean", bounds: anyNumber) { prompt in
      mean(prompt.completions.map { index < $0.scores.count ? $0.scores[index] : nil })
    }
  }

  static let meanLength = PromptMetric("completions/mean_length", bounds: anyNumber) { prompt in
    mean(prompt.completions.map { Double($0.tokens) })
  }

  static let clippedRatio = PromptMetric("completions/clipped_ratio") { prompt in
    mean(prompt.completions.map { $0.truncated ? 1 : 0 })
  }

  private static func mean(_ values: [Double?]) -> Double? {
    let moments = NanAwareMoments(values)
    return moments.count > 0 ? moments.mean : nil
  }
}
