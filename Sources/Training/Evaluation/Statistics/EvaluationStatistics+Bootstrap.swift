import Tensors

extension EvaluationStatistics {
  /// Resamples of a bootstrap: the ends of an interval then move by about a hundredth of its width from one seed to another.
  public static let bootstrapResamples = 10_000

  /// A mean of paired differences with its 95 % interval by the percentile bootstrap (Efron and Tibshirani 1993, chapter 13): pairs
  /// are drawn with replacement, and the interval lies between the 2.5 % and the 97.5 % quantile of their means.
  ///
  /// The pair is the unit, so that the completions of one prompt stay together. Draws are a function of the number of pairs alone:
  /// equal differences give equal intervals. Of a single pair no spread is known: the interval is infinite.
  ///
  /// - Precondition: there is a difference.
  /// - Complexity: O(`resamples` * pairs).
  public static func pairedBootstrap(
    _ differences: [Double],
    resamples: Int = bootstrapResamples
  ) -> Estimate {
    precondition(!differences.isEmpty, "the mean of no pair")
    let count = differences.count
    let mean = differences.reduce(0, +) / Double(count)
    guard count > 1 else { return Estimate(value: mean, low: -.infinity, high: .infinity) }
    if let first = differences.first, differences.allSatisfy({ $0 == first }) {
      return Estimate(value: first, low: first, high: first)
    }
    var draws = Philox4x32(seed: 0, stream: UInt64(count)).sequence()
    var means: [Double] = []
    means.reserveCapacity(resamples)
    for _ in 0..<resamples {
      var sum = 0.0
      for _ in 0..<count {
        sum += differences[Int(draws.next().multipliedFullWidth(by: UInt64(count)).high)]
      }
      means.append(sum / Double(count))
    }
    means.sort()
    return Estimate(value: mean, low: quantile(0.025, of: means), high: quantile(0.975, of: means))
  }

  /// A quantile of sorted values, linear between neighbours (type 7 of Hyndman and Fan, NumPy's default).
  static func quantile(_ share: Double, of sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1)
    let below = Int(place)
    guard below + 1 < sorted.count else { return sorted[below] }
    let rest = place - Double(below)
    return sorted[below] + rest * (sorted[below + 1] - sorted[below])
  }
}
