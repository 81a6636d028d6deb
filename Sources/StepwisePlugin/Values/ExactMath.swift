/// exp and cos from IEEE additions, multiplications and divisions alone, for decisions and schedules.
///
/// The C library chooses its implementation by the CPU (with and without fused multiply-add), so its last place may differ between
/// machines; what decides whether a step is SFT or RL must have the same bits everywhere.
public enum ExactMath {
  /// e^x for |x| <= 64, relative error below 1e-14.
  public static func exponential(_ x: Double) -> Double {
    precondition(abs(x) <= 64, "exponential(\(x)) is outside its range")
    // Halve until the series converges in a dozen terms, then square back.
    var halvings = 0
    var y = x
    while abs(y) > 1.0 / 16 {
      y /= 2
      halvings += 1
    }
    // Sum from the smallest term: e^y = 1 + y (1 + y/2 (1 + y/3 (...))).
    var sum = 1.0
    for term in stride(from: 12, through: 1, by: -1) { sum = 1 + y / Double(term) * sum }
    for _ in 0..<halvings { sum *= sum }
    return sum
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
