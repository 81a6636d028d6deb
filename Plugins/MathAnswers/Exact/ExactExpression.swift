/// Reads arithmetic as the grader writes it, and answers what it is worth: `+ - * / ^ ** !`, parentheses, `sqrt(...)`, `pi`, whole and
/// decimal numbers, symbols of one letter, and products without a sign, as in `2x(x+1)`.
///
/// The syntax is sympy's with implicit multiplication, so far: `1/2x` is x/2, `xy` is x·y, `x2` is x·2. Decimals are exact here.
struct ExactExpression {
  private let source: Scalars
  private var at = 0
  private var depth = 0
  private static let depthLimit = 60
  /// An answer; what is longer is a text.
  private static let lengthLimit = 400

  /// The value.
  ///
  /// - Throws: where it is no such expression, or its value cannot be held exactly.
  static func value(of source: Scalars) throws(NotExact) -> Quotient {
    guard source.count <= lengthLimit else { throw NotExact() }
    var reader = ExactExpression(source: source)
    let value = try reader.sum()
    guard reader.at == source.count else { throw NotExact() }
    return value
  }

  private init(source: Scalars) { self.source = source }

  private var next: Unicode.Scalar? { at < source.count ? source[at] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    at += 1
    return true
  }

  private mutating func sum() throws(NotExact) -> Quotient {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw NotExact() }
    var value = try product()
    while let sign = next, sign == "+" || sign == "-" {
      at += 1
      let other = try product()
      value = sign == "+" ? try value + other : try value - other
    }
    return value
  }

  private mutating func product() throws(NotExact) -> Quotient {
    var value = try signed()
    while let sign = next {
      switch sign {
      case "*":
        at += 1
        value = try value * signed()
      case "/":
        at += 1
        if next == "/" { throw NotExact() }
        value = try value / signed()
      case _ where sign == "(" || sign == "." || sign.isLetter || sign.isASCIIDigit:
        value = try value * power()
      default: return value
      }
    }
    return value
  }

  private mutating func signed() throws(NotExact) -> Quotient {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw NotExact() }
    if take("-") { return try Quotient(Polynomial(Rational(-1))) * signed() }
    if take("+") { return try signed() }
    return try power()
  }

  private mutating func power() throws(NotExact) -> Quotient {
    var base = try atom()
    while take("!") { base = try base.factorial() }
    let isPower = take("^") || takePower()
    return isPower ? try base.power(signed()) : base
  }

  private mutating func takePower() -> Bool {
    guard next == "*", at + 1 < source.count, source[at + 1] == "*" else { return false }
    at += 2
    return true
  }

  private mutating func atom() throws(NotExact) -> Quotient {
    guard let first = next else { throw NotExact() }
    if first.isASCIIDigit || first == "." { return try number() }
    if take("(") {
      let value = try sum()
      guard take(")") else { throw NotExact() }
      return value
    }
    guard first.isLetter else { throw NotExact() }
    return try name()
  }

  /// Whole or decimal; digits that no 128 bits hold are refused.
  private mutating func number() throws(NotExact) -> Quotient {
    var (digits, scale) = (Int128(0), Int128(1))
    var (count, isFraction) = (0, false)
    let start = at
    while let scalar = next {
      if scalar.isASCIIDigit {
        digits = try Rational.sum(Rational.product(digits, 10), Int128(scalar.value - 0x30))
        if isFraction { scale = try Rational.product(scale, 10) }
        count += 1
      } else if scalar == ".", !isFraction {
        isFraction = true
      } else if scalar == "_", at > start, source[at - 1].isASCIIDigit, at + 1 < source.count,
        source[at + 1].isASCIIDigit
      {
        // Python's sign between groups of digits: `1061_9` is 10619, whatever the base was meant to be.
      } else {
        break
      }
      at += 1
    }
    // Python takes no whole number with zeros in front.
    let hasLeadingZero = !isFraction && count > 1 && source[start] == "0"
    guard count > 0, !hasLeadingZero || digits == 0 else { throw NotExact() }
    return try Quotient(Polynomial(Rational(digits, over: scale)))
  }

  /// Two letters that are one symbol: names of Greek letters.
  private static let greek: Set<String> = ["mu", "nu", "xi"]
  /// Functions and constants of sympy that this does not know.
  private static let foreign: Set<String> = ["ln", "re", "im", "oo", "li", "ff", "rf", "fu"]

  /// A name, or of other letters the first: `xy^2` is x · y².
  private mutating func name() throws(NotExact) -> Quotient {
    let start = at
    while let scalar = next, scalar.isLetter || scalar.isASCIIDigit { at += 1 }
    let name = Scalars(source[start..<at]).text
    if next == "_" { throw NotExact() }
    switch name {
    case "pi": return try Quotient(Polynomial(symbol: name))
    case "sqrt":
      guard take("(") else { break }
      let value = try sum()
      guard take(")") else { throw NotExact() }
      return try value.root()
    case _ where Self.greek.contains(name): return try Quotient(Polynomial(symbol: name))
    case _ where Self.foreign.contains(name): throw NotExact()
    default: break
    }
    at = start + 1
    return try Quotient(Polynomial(symbol: String(source[start])))
  }
}
