/// exp and cos from IEEE additions, multiplications and divisions alone.
///
/// The C library's choose an implementation by the CPU (with and without fused multiply-add) and may differ in the last
/// place; p_t and learning rates must have the same bits everywhere.

/// e^x for |x| <= 64, relative error below 1e-14.
func exponential(_ x: Double) -> Double {
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

/// (1 + cos(pi x)) / 2 for x in [0, 1]: from 1 down to 0, absolute error below 1e-15.
func halfCosine(_ x: Double) -> Double {
  precondition(x >= 0 && x <= 1, "halfCosine(\(x)) is outside its range")
  // (1 + cos(2 y)) / 2 = cos^2(y) with y in [0, pi/2], where the series needs no range reduction.
  let y = x * (Double.pi / 2)
  let square = y * y
  var cosine = 1.0
  for term in stride(from: 24, through: 2, by: -2) {
    cosine = 1 - square / Double(term * (term - 1)) * cosine
  }
  return cosine * cosine
}
