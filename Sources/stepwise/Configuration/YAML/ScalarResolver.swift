import Components

/// Types of plain YAML scalars by the YAML 1.2 core schema.
///
/// YAML 1.1, which many parsers still follow, reads `1e-4` as text and `no` as false: both would surprise in a training
/// configuration.
enum ScalarResolver {
  static func value(ofPlain text: String) -> ParameterValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .double(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .double(-.infinity)
    case ".nan", ".NaN", ".NAN": return .double(.nan)
    default: return number(text) ?? .string(text)
    }
  }

  private static func number(_ text: String) -> ParameterValue? {
    let bytes = Array(text.utf8)
    if bytes.starts(with: "0x".utf8) {
      return Int64(text.dropFirst(2), radix: 16).map(ParameterValue.int)
    }
    if bytes.starts(with: "0o".utf8) {
      return Int64(text.dropFirst(2), radix: 8).map(ParameterValue.int)
    }
    guard isDecimal(bytes) else { return nil }
    // A whole number beyond 64 bits becomes a real one, and is refused where a whole one is needed.
    return Int64(text).map(ParameterValue.int) ?? Double(text).map(ParameterValue.double)
  }

  /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
  private static func isDecimal(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    func skipSign() {
      if let first = rest.first, "+-".utf8.contains(first) { rest.removeFirst() }
    }
    func skipDigits() -> Int {
      let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
      rest = rest.dropFirst(digits)
      return digits
    }
    skipSign()
    var digits = skipDigits()
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      digits += skipDigits()
    }
    guard digits > 0 else { return false }
    if let first = rest.first, "eE".utf8.contains(first) {
      rest.removeFirst()
      skipSign()
      guard skipDigits() > 0 else { return false }
    }
    return rest.isEmpty
  }
}
