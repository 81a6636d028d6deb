/// Running average of the measured KL divergence that neither a non-finite value nor an outlier can spoil.
///
/// k3 is an average of exp(d) - d - 1 over tokens: one token that the policy finds far less likely than the reference did can
/// raise a step's value by orders of magnitude.
struct DivergenceAverage: Sendable, Equatable {
  /// Values that must be there before the average means anything; it starts as their median, which one outlier cannot move.
  static let startCount = 4
  /// A value above so many times the average (or the target, where that is more) is an outlier.
  static let outlierFactor = 10.0
  /// After so many outliers in a row the divergence has really risen, and values enter cut to the outlier's bound.
  static let outliersInRow = 3
  /// Weight of a new value. Rollouts of one step are few, so about twenty steps are averaged.
  static let weight = 0.1

  /// The first values; at most `startCount`.
  var first: [Double] = []
  /// The average, once it is meaningful.
  var average: Double?
  /// The average when it started.
  var start: Double?
  /// Outliers since the last value that was taken.
  var refusedInRow = 0
  /// Values that were refused.
  var refused = 0

  /// Takes a value, or refuses it.
  mutating func observe(_ value: Double, target: Double) {
    guard value.isFinite else {
      refused += 1
      return
    }
    guard let current = average else {
      first.append(value)
      guard first.count == Self.startCount else { return }
      let sorted = first.sorted()
      let median = (sorted[Self.startCount / 2 - 1] + sorted[Self.startCount / 2]) / 2
      (average, start) = (median, median)
      return
    }
    let bound = Self.outlierFactor * max(current, target)
    if value > bound, refusedInRow < Self.outliersInRow {
      refused += 1
      refusedInRow += 1
      return
    }
    refusedInRow = 0
    average = current + Self.weight * (min(value, bound) - current)
  }
}
