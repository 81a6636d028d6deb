import Glibc

/// Numbers as Python reads and writes them.
enum PythonNumber {
  /// `float(text)`; `nil` where that raises.
  static func float(_ text: Scalars) -> Double? {
    let text = text.stripped
    var plain = ""
    var at = 0
    var sign = 1.0
    if at < text.count, text[at] == "-" || text[at] == "+" {
      sign = text[at] == "-" ? -1 : 1
      at += 1
    }
    switch Scalars(text[at...]).text.lowercased() {
    case "inf", "infinity": return sign * .infinity
    case "nan": return .nan
    default: break
    }
    /// Digits with single underscores between them.
    func digits() -> Int {
      var count = 0
      while at < text.count {
        if text[at].isDecimal, let digit = text[at].properties.numericValue {
          plain += String(Int(digit))
          count += 1
        } else if text[at] == "_", count > 0, text[at - 1].isDecimal, at + 1 < text.count,
          text[at + 1].isDecimal
        {
        } else {
          return count
        }
        at += 1
      }
      return count
    }
    var count = digits()
    if at < text.count, text[at] == "." {
      plain += "."
      at += 1
      // Python takes "5." and ".5"; a zero is put where Double wants a digit.
      let fraction = digits()
      if fraction == 0 { plain += "0" }
      count += fraction
    }
    guard count > 0 else { return nil }
    if at < text.count, text[at] == "e" || text[at] == "E" {
      plain += "e"
      at += 1
      if at < text.count, text[at] == "-" || text[at] == "+" {
        plain.unicodeScalars.append(text[at])
        at += 1
      }
      guard digits() > 0 else { return nil }
    }
    guard at == text.count else { return nil }
    return Double("0" + plain).map { sign * $0 }
  }

  /// Whether `abs(x - int(round(x))) <= 1e-7`; not for NaN and the infinities.
  static func isWhole(_ number: Double) -> Bool {
    number.isFinite && abs(number - number.rounded(.toNearestOrEven)) <= 1e-7
  }

  /// `str(int(x))` of a finite number: all its digits.
  static func integerText(_ number: Double) -> Scalars {
    let whole = number.rounded(.towardZero)
    if whole == 0 { return ["0"] }
    var buffer = [CChar](repeating: 0, count: 400)
    _ = withVaList([whole]) { vsnprintf(&buffer, buffer.count, "%.0f", $0) }
    return buffer.prefix { $0 != 0 }.map { Unicode.Scalar(UInt8(bitPattern: $0)) }
  }
}
