extension EvaluationStatistics {
  /// pass@k of one prompt: the chance that at least one of `k` completions, drawn without replacement, is correct.
  ///
  /// `1 - C(n - c, k) / C(n, k)`, the unbiased estimator of Chen et al. 2021 (arXiv 2107.03374, eq. 1), as a product, so that
  /// nothing overflows. The plain `1 - (1 - c/n)^k` underestimates.
  ///
  /// - Parameters:
  ///   - k: how many are drawn, 1 to `samples`.
  ///   - correct: how many of the samples are correct.
  ///   - samples: how many there are.
  /// - Complexity: O(`correct`).
  public static func pass(at k: Int, correct: Int, of samples: Int) -> Double {
    precondition(1 <= k && k <= samples, "pass@\(k) of \(samples) samples")
    precondition(0 <= correct && correct <= samples, "\(correct) correct of \(samples) samples")
    if samples - correct < k { return 1 }
    var allWrong = 1.0
    for i in (samples - correct + 1)..<(samples + 1) {
      allWrong *= 1 - Double(k) / Double(i)
    }
    return 1 - allWrong
  }
}
