import Glibc

/// The same prompts, solved or not by two models: how much better is the second?
///
/// Pairs tell far more than two separate shares: prompts that both solve or both miss drop out of the difference.
public struct PairedComparison: Sendable, Codable, Equatable {
  /// Prompts.
  public let count: Int
  /// Prompts that only the second model solved.
  public let gained: Int
  /// Prompts that only the first model solved.
  public let lost: Int
  /// Accuracy of the second less that of the first, with its 95 % interval: Newcombe 1998 ("Improved confidence intervals for
  /// the difference between binomial proportions based on paired data"), method 10, the hybrid of two Wilson
  /// intervals and the pairs' correlation.
  public let difference: Estimate
  /// McNemar's exact two-sided p: the chance, were gains and losses equally likely, of a split at least as uneven.
  public let mcNemarP: Double

  /// Compares outcomes of the same prompts in the same order.
  ///
  /// - Precondition: as many outcomes before as after, and at least one.
  public init(before: [Bool], after: [Bool]) {
    precondition(
      before.count == after.count && !before.isEmpty,
      "\(before.count) outcomes before and \(after.count) after; pairs are needed"
    )
    var both = 0
    var gained = 0
    var lost = 0
    for (before, after) in zip(before, after) {
      if before && after { both += 1 }
      if !before && after { gained += 1 }
      if before && !after { lost += 1 }
    }
    self.init(both: both, gained: gained, lost: lost, neither: before.count - both - gained - lost)
  }

  /// Compares from the four counts of a paired table.
  ///
  /// - Precondition: no count is negative, and one is not 0.
  public init(both: Int, gained: Int, lost: Int, neither: Int) {
    let count = both + gained + lost + neither
    precondition(
      min(both, gained, lost, neither) >= 0 && count > 0,
      "not a paired table: \(both), \(gained), \(lost), \(neither)"
    )
    self.count = count
    self.gained = gained
    self.lost = lost
    difference = Self.newcombe(both: both, gained: gained, lost: lost, neither: neither)
    mcNemarP = Self.mcNemar(gained, lost)
  }

  private static func newcombe(both: Int, gained: Int, lost: Int, neither: Int) -> Estimate {
    let count = both + gained + lost + neither
    let n = Double(count)
    let after = EvaluationStatistics.share(of: both + gained, in: count)
    let before = EvaluationStatistics.share(of: both + lost, in: count)
    let margins =
      Double(both + gained) * Double(lost + neither) * Double(both + lost)
      * Double(gained + neither)
    // The correlation of the pairs, its numerator moved towards 0 by n / 2 where positive (method 10's correction).
    let product = Double(both) * Double(neither) - Double(gained) * Double(lost)
    let numerator = product > n / 2 ? product - n / 2 : min(product, 0)
    let correlation = margins > 0 ? numerator / margins.squareRoot() : 0

    func distance(_ a: Double, _ b: Double) -> Double {
      max(0, a * a - 2 * correlation * a * b + b * b).squareRoot()
    }
    let value = Double(gained - lost) / n
    return Estimate(
      value: value,
      low: value - distance(after.value - after.low, before.high - before.value),
      high: value + distance(after.high - after.value, before.value - before.low)
    )
  }

  /// `min(1, 2 P(X <= min(b, c)))` for X binomial with b + c trials of chance 1/2, summed from the largest term downwards in
  /// logarithms, so that thousands of discordant pairs do not underflow.
  private static func mcNemar(_ b: Int, _ c: Int) -> Double {
    let n = b + c
    let k = min(b, c)
    if n == 0 { return 1 }
    var logLargest = -Double(n) * log(2.0)
    for i in 0..<k { logLargest += log(Double(n - i)) - log(Double(i + 1)) }
    var sum = 0.0
    var relative = 1.0
    for i in stride(from: k, through: 0, by: -1) {
      sum += relative
      relative *= Double(i) / Double(n - i + 1)
    }
    return min(1, 2 * exp(logLargest) * sum)
  }
}
