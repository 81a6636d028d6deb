/// Python's operators on template values.
enum TemplateArithmetic {
  static func apply(
    _ symbol: String,
    _ left: TemplateValue,
    _ right: TemplateValue,
    _ position: TemplatePosition
  ) throws(ChatTemplateError) -> TemplateValue {
    switch (symbol, left, right) {
    case ("+", .string(let a), .string(let b)): return .string(a + b)
    case ("+", .list(let a, let aIsTuple), .list(let b, let bIsTuple)) where aIsTuple == bIsTuple:
      return .list(a + b, isTuple: aIsTuple)
    case ("%", .string, _):
      throw ChatTemplateError(.unsupported, "formatting with %", at: position)
    default: break
    }
    if symbol == "*", let repeated = try repetition(left, right, position) { return repeated }
    if let a = left.integer, let b = right.integer, symbol != "/" {
      return .int(try integers(symbol, a, b, position))
    }
    guard let a = left.number, let b = right.number else {
      var message = "\"\(symbol)\" does not work on \(left.typeName) and \(right.typeName)"
      for case .undefined(let name) in [left, right] { message += ": \"\(name)\" is undefined" }
      throw ChatTemplateError(.value, message, at: position)
    }
    if ["/", "//", "%"].contains(symbol), b == 0 {
      throw ChatTemplateError(.value, "division by zero", at: position)
    }
    switch symbol {
    case "+": return .double(a + b)
    case "-": return .double(a - b)
    case "*": return .double(a * b)
    case "/": return .double(a / b)
    case "//": return .double((a / b).rounded(.down))
    default:
      let rest = a.truncatingRemainder(dividingBy: b)
      return .double(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest)
    }
  }

  private static func integers(
    _ symbol: String,
    _ a: Int,
    _ b: Int,
    _ position: TemplatePosition
  ) throws(ChatTemplateError) -> Int {
    let result: (partialValue: Int, overflow: Bool)
    switch symbol {
    case "+": result = a.addingReportingOverflow(b)
    case "-": result = a.subtractingReportingOverflow(b)
    case "*": result = a.multipliedReportingOverflow(by: b)
    default:
      guard b != 0 else { throw ChatTemplateError(.value, "division by zero", at: position) }
      // Python rounds quotients down; the remainder has the divisor's sign.
      let quotient = a.dividedReportingOverflow(by: b)
      let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
      let isShort = rest != 0 && (rest < 0) != (b < 0)
      result =
        symbol == "//"
        ? (quotient.partialValue - (isShort ? 1 : 0), quotient.overflow)
        : (isShort ? rest + b : rest, false)
    }
    guard !result.overflow else {
      throw ChatTemplateError(.unsupported, "an integer beyond 64 bits", at: position)
    }
    return result.partialValue
  }

  private static func repetition(
    _ left: TemplateValue,
    _ right: TemplateValue,
    _ position: TemplatePosition
  ) throws(ChatTemplateError) -> TemplateValue? {
    let pair: (TemplateValue, Int)?
    switch (left, right) {
    case (.string, _), (.list, _): pair = right.integer.map { (left, $0) }
    case (_, .string), (_, .list): pair = left.integer.map { (right, $0) }
    default: return nil
    }
    guard let (value, count) = pair else { return nil }
    let times = max(0, count)
    guard times <= 1 << 20, times * max(1, value.count ?? 1) <= 1 << 20 else {
      throw ChatTemplateError(.value, "a repetition is longer than a million", at: position)
    }
    switch value {
    case .string(let text): return .string(String(repeating: text, count: times))
    case .list(let values, let isTuple):
      return .list((0..<times).flatMap { _ in values }, isTuple: isTuple)
    default: return nil
    }
  }

  static func isOrdered(
    _ symbol: String,
    _ left: TemplateValue,
    _ right: TemplateValue,
    _ position: TemplatePosition
  ) throws(ChatTemplateError) -> Bool {
    let isReversed = symbol == ">" || symbol == "<="
    guard let less = isReversed ? right.isLess(than: left) : left.isLess(than: right) else {
      throw ChatTemplateError(
        .value,
        "\"\(symbol)\" does not work on \(left.typeName) and \(right.typeName)",
        at: position
      )
    }
    return symbol == "<" || symbol == ">" ? less : !less
  }

  /// `value in container`.
  static func contains(
    _ container: TemplateValue,
    _ value: TemplateValue,
    _ position: TemplatePosition
  ) throws(ChatTemplateError) -> Bool {
    switch container {
    case .list(let values, _): return values.contains { $0.isEqual(to: value) }
    case .object(let members):
      guard case .string(let key) = value else { return false }
      return members.value(of: key) != nil
    case .string(let text):
      guard case .string(let part) = value else {
        throw ChatTemplateError(
          .value,
          "\"in\" on a string needs a string, not \(value.typeName)",
          at: position
        )
      }
      return TemplateStrings.firstIndex(of: Array(part.utf8), in: Array(text.utf8)) != nil
    case .undefined: return false
    default:
      throw ChatTemplateError(
        .value,
        "\"in\" does not work on \(container.typeName)",
        at: position
      )
    }
  }

  /// The indices that Python's slice picks of `count` elements.
  static func sliceIndices(_ count: Int, _ start: Int?, _ stop: Int?, _ step: Int) -> [Int] {
    func clamp(_ bound: Int, _ low: Int, _ high: Int) -> Int {
      min(max(bound < 0 ? bound + count : bound, low), high)
    }
    // A longer step picks no more; it must not overflow.
    let step = min(max(step, -count - 1), count + 1)
    if step > 0 {
      let from = start.map { clamp($0, 0, count) } ?? 0
      let to = stop.map { clamp($0, 0, count) } ?? count
      return Array(stride(from: from, to: to, by: step))
    }
    let from = start.map { clamp($0, -1, count - 1) } ?? count - 1
    let to = stop.map { clamp($0, -1, count - 1) } ?? -1
    return Array(stride(from: from, to: to, by: step))
  }
}
