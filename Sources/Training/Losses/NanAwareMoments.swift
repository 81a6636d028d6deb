/// Mean and spread over the values that are there, as TRL's `nanmean` and `nanstd`; `nil` stands for NaN.
struct NanAwareMoments {
  /// How many values are there.
  let count: Int
  /// Their mean, NaN without any.
  let mean: Double
  /// Their standard deviation with Bessel's correction, NaN below two.
  let std: Double

  /// Moments of the values of `values` that are there.
  ///
  /// Sums are taken of differences to the first value: equal values then have exactly their own mean and spread 0. A plain
  /// mean rounds, and a group of equal rewards would get advantages of 1e-17 / 1e-4, which Adam's division by the gradient's
  /// own size can make a full step of.
  init(_ values: some Sequence<Double?>) {
    var count = 0
    var first = 0.0
    var sum = 0.0
    var kept: [Double] = []
    for case let value? in values {
      if count == 0 { first = value }
      count += 1
      sum += value - first
      kept.append(value)
    }
    self.count = count
    guard count > 0 else {
      mean = .nan
      std = .nan
      return
    }
    let mean = first + sum / Double(count)
    self.mean = mean
    guard count > 1 else {
      std = .nan
      return
    }
    var squares = 0.0
    for value in kept { squares += (value - mean) * (value - mean) }
    std = (squares / Double(count - 1)).squareRoot()
  }
}
