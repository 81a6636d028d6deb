/// What exact arithmetic cannot do: numbers beyond 128 bits, too many terms, division by zero.
struct NotExact: Error {}

/// A fraction in lowest terms, its denominator positive.
struct Rational: Hashable {
  let numerator: Int128
  let denominator: Int128

  static let zero = Rational(0)
  static let one = Rational(1)

  init(_ whole: Int128) { (numerator, denominator) = (whole, 1) }

  init(_ numerator: Int128, over denominator: Int128) throws(NotExact) {
    guard denominator != 0, numerator != .min, denominator != .min else { throw NotExact() }
    let divisor = Self.divisor(numerator, denominator) * (denominator < 0 ? -1 : 1)
    (self.numerator, self.denominator) = (numerator / divisor, denominator / divisor)
  }

  var isZero: Bool { numerator == 0 }

  /// The greatest common divisor, at least 1.
  static func divisor(_ one: Int128, _ other: Int128) -> Int128 {
    var (a, b) = (abs(one), abs(other))
    while b != 0 { (a, b) = (b, a % b) }
    return max(a, 1)
  }

  static func + (a: Rational, b: Rational) throws(NotExact) -> Rational {
    try Rational(
      sum(product(a.numerator, b.denominator), product(b.numerator, a.denominator)),
      over: product(a.denominator, b.denominator)
    )
  }

  static func * (a: Rational, b: Rational) throws(NotExact) -> Rational {
    // Reduced crosswise first, so that nothing overflows that need not.
    let (one, other) = (divisor(a.numerator, b.denominator), divisor(b.numerator, a.denominator))
    return try Rational(
      product(a.numerator / one, b.numerator / other),
      over: product(a.denominator / other, b.denominator / one)
    )
  }

  static prefix func - (a: Rational) throws(NotExact) -> Rational {
    try Rational(product(a.numerator, -1), over: a.denominator)
  }

  func inverse() throws(NotExact) -> Rational { try Rational(denominator, over: numerator) }

  static func product(_ a: Int128, _ b: Int128) throws(NotExact) -> Int128 {
    let (result, overflow) = a.multipliedReportingOverflow(by: b)
    if overflow { throw NotExact() }
    return result
  }

  static func sum(_ a: Int128, _ b: Int128) throws(NotExact) -> Int128 {
    let (result, overflow) = a.addingReportingOverflow(b)
    if overflow { throw NotExact() }
    return result
  }

  /// The largest factor whose square goes into `number`, and what is left: `number = factor² · rest`, signs on the rest.
  static func squareFactor(_ number: Int128) throws(NotExact) -> (factor: Int128, rest: Int128) {
    var (factor, rest) = (Int128(1), abs(number))
    var prime: Int128 = 2
    while prime * prime <= rest {
      // Beyond this, finding factors takes longer than an answer is worth.
      if prime > 100_000 { throw NotExact() }
      while rest % (prime * prime) == 0 {
        rest /= prime * prime
        factor *= prime
      }
      prime += prime == 2 ? 1 : 2
    }
    return (factor, number < 0 ? -rest : rest)
  }
}
