/// What is computed from the outcomes of an evaluation; each function stands in a file of its own.
public enum EvaluationStatistics {
  /// The 97.5 % quantile of the standard normal distribution: two-sided 95 % intervals.
  static let normalQuantile = 1.959963984540054
}
