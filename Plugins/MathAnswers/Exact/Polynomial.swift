/// A sum of terms: a fraction, times the root of a square-free whole number, times powers of symbols.
///
/// Roots of different square-free numbers are linearly independent over the fractions, so that two polynomials in symbols are equal
/// exactly when their terms are. -1 is square-free here: its root is the imaginary unit.
struct Polynomial: Hashable {
  /// What a coefficient stands before.
  struct Monomial: Hashable {
    /// The square-free number under the root; 1 for none.
    var radicand: Int128 = 1
    /// The powers of symbols, by name, none of them 0.
    var powers: [String: Int] = [:]
  }

  /// No coefficient is 0.
  private(set) var terms: [Monomial: Rational] = [:]
  /// More than any answer has.
  private static let termLimit = 500

  static let zero = Polynomial()

  private init() {}

  init(_ constant: Rational) {
    if !constant.isZero { terms[Monomial()] = constant }
  }

  init(symbol: String) { terms[Monomial(powers: [symbol: 1])] = .one }

  /// The root of a whole number.
  init(rootOf number: Int128) throws(NotExact) {
    let (factor, rest) = try Rational.squareFactor(number)
    if rest != 0 { terms[Monomial(radicand: rest)] = Rational(factor) }
  }

  var isZero: Bool { terms.isEmpty }

  /// The number that it is, where it has neither symbols nor roots.
  var constant: Rational? {
    if isZero { return .zero }
    return terms.count == 1 ? terms[Monomial()] : nil
  }

  /// `whole` and `factor` where it is whole + factor √radicand, without symbols; `nil` for anything else.
  var surd: (whole: Rational, factor: Rational, radicand: Int128)? {
    guard terms.count == 2, let whole = terms[Monomial()],
      let other = terms.first(where: { $0.key.radicand > 1 && $0.key.powers.isEmpty })
    else { return nil }
    return (whole, other.value, other.key.radicand)
  }

  static func + (a: Polynomial, b: Polynomial) throws(NotExact) -> Polynomial {
    var sum = a
    for (monomial, coefficient) in b.terms { try sum.add(coefficient, monomial) }
    return sum
  }

  static func - (a: Polynomial, b: Polynomial) throws(NotExact) -> Polynomial {
    var sum = a
    for (monomial, coefficient) in b.terms { try sum.add(-coefficient, monomial) }
    return sum
  }

  static func * (a: Polynomial, b: Polynomial) throws(NotExact) -> Polynomial {
    var product = Polynomial()
    for (one, first) in a.terms {
      for (other, second) in b.terms {
        var coefficient = try first * second
        let powers = one.powers.merging(other.powers, uniquingKeysWith: +)
        // Powers of powers, which nobody's answer has, would leave 64 bits in the end.
        guard powers.values.allSatisfy({ abs($0) < 1 << 20 }) else { throw NotExact() }
        // √a · √b = g · √(a/g · b/g), and i · i = -1.
        let common = Rational.divisor(one.radicand, other.radicand)
        let radicand = try Rational.product(
          abs(one.radicand) / common,
          abs(other.radicand) / common
        )
        coefficient = try coefficient * Rational(common)
        let (isFirst, isSecond) = (one.radicand < 0, other.radicand < 0)
        if isFirst && isSecond { coefficient = try -coefficient }
        try product.add(
          coefficient,
          Monomial(radicand: isFirst != isSecond ? -radicand : radicand, powers: powers)
        )
      }
    }
    return product
  }

  func power(_ exponent: Int) throws(NotExact) -> Polynomial {
    var result = Polynomial(.one)
    for _ in 0..<exponent { result = try result * self }
    return result
  }

  private mutating func add(_ coefficient: Rational, _ monomial: Monomial) throws(NotExact) {
    let sum = try (terms[monomial] ?? .zero) + coefficient
    terms[monomial] = sum.isZero ? nil : sum
    if terms.count > Self.termLimit { throw NotExact() }
  }

  /// The positive fraction that all coefficients are whole multiples of, without a common factor.
  func content() throws(NotExact) -> Rational {
    var (above, below) = (Int128(0), Int128(1))
    for coefficient in terms.values {
      above =
        above == 0 ? abs(coefficient.numerator) : Rational.divisor(above, coefficient.numerator)
      let shared = Rational.divisor(below, coefficient.denominator)
      below = try Rational.product(below / shared, coefficient.denominator)
    }
    return try Rational(max(above, 1), over: below)
  }

  /// The same text for equal polynomials.
  var key: String {
    terms.map { monomial, coefficient in
      let powers = monomial.powers.sorted { $0.key < $1.key }.map { "\($0.key)^\($0.value)" }
      return "\(coefficient.numerator)/\(coefficient.denominator)r\(monomial.radicand)"
        + powers.joined(separator: "*")
    }.sorted().joined(separator: "+")
  }
}
