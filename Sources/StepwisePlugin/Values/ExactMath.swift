/// exp and cos from IEEE additions, multiplications and divisions alone, for decisions and schedules.
///
/// The C library chooses its implementation by the CPU (with and without fused multiply-add), so its last place may differ between
/// machines; what decides whether a step is SFT or RL must have the same bits everywhere.
public enum ExactMath {
  /// e^x for |x| <= 700, relative error below 1e-15.
  public static func exponential(_ x: Double) -> Double {
    precondition(abs(x) <= 700, "exponential(\(x)) is outside its range")
    // x = k ln 2 + r. The first part of ln 2 has so few digits that k times it is exact, and so is the difference from x.
    let k = (x / 0.6931471805599453).rounded()
    let r = (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10
    // |r| < 0.35. Sum from the smallest term: e^r = 1 + r (1 + r/2 (1 + r/3 (...))).
    var sum = 1.0
    for term in stride(from: 14, through: 1, by: -1) { sum = 1 + r / Double(term) * sum }
    return Double(sign: .plus, exponent: Int(k), significand: sum)
  }

  /// Half a cosine, (1 + cos(pi x)) / 2: from 1 at x = 0 down to 0 at x = 1, and constant outside; absolute error below 1e-15.
  public static func halfCosine(_ x: Double) -> Double {
    if x <= 0 { return 1 }
    if x >= 1 { return 0 }
    // (1 + cos(2 y)) / 2 = cos^2(y) with y in [0, pi/2], where the series needs no range reduction.
    let y = x * (Double.pi / 2)
    let square = y * y
    var cosine = 1.0
    for term in stride(from: 24, through: 2, by: -2) {
      cosine = 1 - square / Double(term * (term - 1)) * cosine
    }
    return cosine * cosine
  }
}
