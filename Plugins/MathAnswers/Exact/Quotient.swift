/// A polynomial over another: what an expression of an answer is worth.
struct Quotient {
  var above: Polynomial
  var below: Polynomial

  init(_ above: Polynomial, over below: Polynomial = Polynomial(.one)) throws(NotExact) {
    if below.isZero { throw NotExact() }
    (self.above, self.below) = (above, below)
  }

  /// Whether both are one function of their symbols.
  func equals(_ other: Quotient) throws(NotExact) -> Bool {
    try above * other.below == other.above * below
  }

  static func + (a: Quotient, b: Quotient) throws(NotExact) -> Quotient {
    try Quotient(a.above * b.below + b.above * a.below, over: a.below * b.below)
  }

  static func - (a: Quotient, b: Quotient) throws(NotExact) -> Quotient {
    try Quotient(a.above * b.below - b.above * a.below, over: a.below * b.below)
  }

  static func * (a: Quotient, b: Quotient) throws(NotExact) -> Quotient {
    try Quotient(a.above * b.above, over: a.below * b.below)
  }

  static func / (a: Quotient, b: Quotient) throws(NotExact) -> Quotient {
    try Quotient(a.above * b.below, over: a.below * b.above)
  }

  /// The number that it is, where it has neither symbols nor roots.
  var constant: Rational? {
    guard let above = above.constant, let below = below.constant else { return nil }
    return try? above * below.inverse()
  }

  /// More than the grader lets through: its exponents have one digit.
  private static let exponentLimit: Int128 = 64

  func power(_ exponent: Quotient) throws(NotExact) -> Quotient {
    guard let number = exponent.constant else {
      // Not a polynomial: a symbol of its own, equal where base and exponent are written alike.
      return try Quotient(Polynomial(symbol: "(\(key))^(\(exponent.key))"))
    }
    guard number.denominator == 1, abs(number.numerator) <= Self.exponentLimit else {
      throw NotExact()
    }
    let count = Int(abs(number.numerator))
    let (above, below) = (try above.power(count), try below.power(count))
    return number.numerator < 0
      ? try Quotient(below, over: above) : try Quotient(above, over: below)
  }

  /// The square root: exact for numbers; of anything else a symbol of its own beside the root of its numeric factor.
  func root() throws(NotExact) -> Quotient {
    if let number = constant {
      // √(p/q) = √(pq) / q
      let product = try Rational.product(number.numerator, number.denominator)
      return try Quotient(
        Polynomial(rootOf: product),
        over: Polynomial(Rational(number.denominator))
      )
    }
    if let below = below.constant, let plain = try? above * Polynomial(below.inverse()),
      let root = try? Self.denested(plain)
    {
      return root
    }
    let factor = try above.content() * below.content().inverse()
    let rest = try Quotient(
      above * Polynomial(above.content().inverse()),
      over: below * Polynomial(below.content().inverse())
    )
    let symbol = try Quotient(Polynomial(symbol: "√(\(rest.key))"))
    return try Quotient(Polynomial(factor)).root() * symbol
  }

  /// √(a + b√c) = √((a + d)/2) ± √((a - d)/2), where d² = a² - b²c is the square of a fraction, as in √(3 + 2√2) = 1 + √2.
  private static func denested(_ value: Polynomial) throws(NotExact) -> Quotient {
    guard let (a, b, c) = value.surd, a.numerator > 0 else { throw NotExact() }
    let square = try a * a + (-(b * b)) * Rational(c)
    guard square.numerator >= 0, let d = try Quotient(Polynomial(square)).root().constant else {
      throw NotExact()
    }
    let half = try Rational(1, over: 2)
    let first = try Quotient(Polynomial((a + d) * half)).root()
    let second = try Quotient(Polynomial((a + (-d)) * half)).root()
    return b.numerator > 0 ? try first + second : try first - second
  }

  func factorial() throws(NotExact) -> Quotient {
    // 33! is the last that fits.
    guard let number = constant, number.denominator == 1, (0...33).contains(number.numerator)
    else { throw NotExact() }
    var product: Int128 = 1
    for factor in stride(from: Int128(2), through: number.numerator, by: 1) { product *= factor }
    return try Quotient(Polynomial(Rational(product)))
  }

  private var key: String { "\(above.key)|\(below.key)" }
}
