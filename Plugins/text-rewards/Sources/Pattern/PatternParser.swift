/// What a pattern says.
indirect enum PatternNode: Sendable {
  case empty
  case set(ScalarSet)
  case assertion(Assertion)
  case sequence([PatternNode])
  case choice([PatternNode])
  /// Group 0 does not count.
  case group(Int, PatternNode)
  case repetition(PatternNode, least: Int, most: Int?, isLazy: Bool)

  enum Assertion: Sendable {
    case textStart, textEnd
    /// Python's `$` without `multi_line`: also before a line break at the end.
    case lastLineEnd
    case lineStart, lineEnd
    case wordBoundary, noWordBoundary
  }
}

/// Reads a pattern.
struct PatternParser {
  private let source: [Unicode.Scalar]
  private var at = 0
  private var options: Pattern.Options
  private var depth = 0
  private(set) var groups = 0
  private static let depthLimit = 50
  private static let repetitionLimit = 1000

  init(_ text: String, _ options: Pattern.Options) {
    source = Array(text.unicodeScalars)
    self.options = options
  }

  mutating func pattern() throws -> PatternNode {
    try globalFlags()
    let node = try choice()
    guard at == source.count else { throw problem("a parenthesis closes that was never opened") }
    return node
  }

  private var next: Unicode.Scalar? { at < source.count ? source[at] : nil }

  private func problem(_ message: String) -> Pattern.Problem {
    Pattern.Problem(place: at, message: message)
  }

  private mutating func take(_ text: String) -> Bool {
    guard source[at...].starts(with: text.unicodeScalars) else { return false }
    at += text.unicodeScalars.count
    return true
  }

  /// `(?ims)` at the beginning.
  private mutating func globalFlags() throws {
    guard source.starts(with: "(?".unicodeScalars) else { return }
    let names = source[2...].prefix { $0.isASCIILetter }
    guard !names.isEmpty, source[(2 + names.count)...].first == ")" else { return }
    for name in names {
      switch name {
      case "i": options.insert(.ignoreCase)
      case "m": options.insert(.multiLine)
      case "s": options.insert(.dotAll)
      case "u": break
      default: throw problem("the flag \(name) is not supported; i, m and s are")
      }
    }
    at = 3 + names.count
  }

  private mutating func choice() throws -> PatternNode {
    guard depth < Self.depthLimit else {
      throw problem("groups nest deeper than \(Self.depthLimit)")
    }
    depth += 1
    defer { depth -= 1 }
    var choices = [try sequence()]
    while take("|") { choices.append(try sequence()) }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private mutating func sequence() throws -> PatternNode {
    var nodes: [PatternNode] = []
    while let scalar = next, scalar != "|", scalar != ")" { nodes.append(try repeated()) }
    return nodes.isEmpty ? .empty : .sequence(nodes)
  }

  private mutating func repeated() throws -> PatternNode {
    let node = try atom()
    guard let bounds = try quantifier() else { return node }
    if case .assertion = node { throw problem("nothing to repeat") }
    let isLazy = take("?")
    if !isLazy, next == "+" { throw problem("possessive quantifiers are not supported") }
    if try quantifier() != nil { throw problem("a quantifier follows another") }
    return .repetition(node, least: bounds.least, most: bounds.most, isLazy: isLazy)
  }

  private mutating func quantifier() throws -> (least: Int, most: Int?)? {
    switch next {
    case "*":
      at += 1
      return (0, nil)
    case "+":
      at += 1
      return (1, nil)
    case "?":
      at += 1
      return (0, 1)
    case "{":
      let start = at
      at += 1
      let least = number()
      let hasComma = take(",")
      let most = hasComma ? number() : least
      // What is no quantifier is itself, as in Python: `{` in `x{y`.
      guard take("}"), least != nil || hasComma else {
        at = start
        return nil
      }
      guard max(least ?? 0, most ?? 0) <= Self.repetitionLimit else {
        throw problem("a repetition of more than \(Self.repetitionLimit)")
      }
      if let most, most < least ?? 0 { throw problem("the bounds of a repetition are reversed") }
      return (least ?? 0, most)
    default: return nil
    }
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let scalar = next, scalar.value >= 0x30, scalar.value <= 0x39 {
      value = min((value ?? 0) * 10 + Int(scalar.value - 0x30), 1 << 20)
      at += 1
    }
    return value
  }

  private mutating func atom() throws -> PatternNode {
    guard let scalar = next else { return .empty }
    switch scalar {
    case "(": return try group()
    case "[": return .set(try bracket())
    case ".":
      at += 1
      var set = ScalarSet()
      if !options.contains(.dotAll) { set.ranges = [0x0A...0x0A] }
      set.isNegated = true
      return .set(set)
    case "^":
      at += 1
      return .assertion(options.contains(.multiLine) ? .lineStart : .textStart)
    case "$":
      at += 1
      return .assertion(options.contains(.multiLine) ? .lineEnd : .lastLineEnd)
    case "*", "+", "?": throw problem("nothing to repeat")
    case "{":
      let start = at
      let isQuantifier = try quantifier() != nil
      at = start
      if isQuantifier { throw problem("nothing to repeat") }
      at += 1
      return literal(scalar)
    case "\\": return try escape()
    default:
      at += 1
      return literal(scalar)
    }
  }

  private func literal(_ scalar: Unicode.Scalar) -> PatternNode {
    .set(
      ScalarSet(
        ranges: [scalar.value...scalar.value],
        ignoresCase: options.contains(.ignoreCase)
      )
    )
  }

  private mutating func group() throws -> PatternNode {
    at += 1
    var number = 0
    if take("?") {
      if take(":") {
      } else if take("P<") {
        let name = source[at...].prefix { $0 != ">" }
        at += name.count
        guard !name.isEmpty, take(">") else { throw problem("a group's name is not closed") }
        groups += 1
        number = groups
      } else if let kind = next, "=!<P>(".unicodeScalars.contains(kind) {
        throw problem("lookaround, backreferences, conditions and atomic groups are not supported")
      } else {
        throw problem("flags stand at the beginning of the pattern only")
      }
    } else {
      groups += 1
      number = groups
    }
    let node = try choice()
    guard take(")") else { throw problem("a parenthesis is not closed") }
    return .group(number, node)
  }

  private mutating func escape() throws -> PatternNode {
    at += 1
    guard let scalar = next else { throw problem("a backslash ends the pattern") }
    switch scalar {
    case "b", "B":
      at += 1
      return .assertion(scalar == "b" ? .wordBoundary : .noWordBoundary)
    case "A":
      at += 1
      return .assertion(.textStart)
    case "Z":
      at += 1
      return .assertion(.textEnd)
    case "1"..."9": throw problem("backreferences are not supported")
    default: break
    }
    var set = ScalarSet()
    if try !classEscape(into: &set) {
      let value = try scalarEscape()
      return literal(value)
    }
    return .set(set)
  }

  /// `\d` and the like.
  private mutating func classEscape(into set: inout ScalarSet) throws -> Bool {
    switch next {
    case "d": set.classes.append(.digit)
    case "w": set.classes.append(.word)
    case "s": set.classes.append(.space)
    case "D": set.negatedClasses.append(.digit)
    case "W": set.negatedClasses.append(.word)
    case "S": set.negatedClasses.append(.space)
    default: return false
    }
    at += 1
    return true
  }

  /// One scalar, behind a backslash.
  private mutating func scalarEscape() throws -> Unicode.Scalar {
    guard let scalar = next else { throw problem("a backslash ends the pattern") }
    at += 1
    switch scalar {
    case "n": return "\n"
    case "t": return "\t"
    case "r": return "\r"
    case "f": return "\u{0C}"
    case "v": return "\u{0B}"
    case "a": return "\u{07}"
    case "0":
      // Up to two more octal digits belong to it.
      var value: UInt32 = 0
      for _ in 0..<2 {
        guard let digit = next?.value, (0x30...0x37).contains(digit) else { break }
        value = value * 8 + digit - 0x30
        at += 1
      }
      return Unicode.Scalar(UInt8(value))
    case "x": return try hexadecimal(2)
    case "u": return try hexadecimal(4)
    case "U": return try hexadecimal(8)
    default:
      guard !scalar.isASCIILetter, !(0x30...0x39).contains(scalar.value) else {
        at -= 1
        throw problem("the escape \\\(scalar) is not known")
      }
      return scalar
    }
  }

  private mutating func hexadecimal(_ count: Int) throws -> Unicode.Scalar {
    let digits = source[at...].prefix(count)
    let text = String(String.UnicodeScalarView(digits))
    guard digits.count == count, digits.allSatisfy(\.properties.isASCIIHexDigit),
      let value = UInt32(text, radix: 16),
      let scalar = Unicode.Scalar(value)
    else { throw problem("\(count) hexadecimal digits are missing") }
    at += count
    return scalar
  }

  private mutating func bracket() throws -> ScalarSet {
    at += 1
    var set = ScalarSet(ignoresCase: options.contains(.ignoreCase))
    set.isNegated = take("^")
    var isFirst = true
    while let scalar = next, scalar != "]" || isFirst {
      isFirst = false
      at += 1
      if scalar == "\\", try classEscape(into: &set) { continue }
      let low = scalar == "\\" ? try setEscape() : scalar
      // A hyphen at the end is one.
      guard next == "-", at + 1 < source.count, source[at + 1] != "]" else {
        set.ranges.append(low.value...low.value)
        continue
      }
      at += 1
      let end = source[at]
      at += 1
      if end == "\\", let name = next, "dwsDWS".unicodeScalars.contains(name) {
        throw problem("a class cannot end a range")
      }
      let high = end == "\\" ? try setEscape() : end
      guard low.value <= high.value else { throw problem("a range is reversed") }
      set.ranges.append(low.value...high.value)
    }
    guard take("]") else { throw problem("a set is not closed") }
    return set
  }

  private mutating func setEscape() throws -> Unicode.Scalar {
    if take("b") { return "\u{08}" }
    return try scalarEscape()
  }
}

extension Unicode.Scalar {
  var isASCIILetter: Bool { (value | 0x20) >= 0x61 && (value | 0x20) <= 0x7A }
}
