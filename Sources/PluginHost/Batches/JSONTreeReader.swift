/// A recursive-descent reader of RFC 8259 and the three names of Python's non-finite numbers.
struct JSONTreeReader {
  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0
  /// Columns nest 32 lists at most; what is deeper by far is no batch, and would overflow the stack.
  private static let depthLimit = 128

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    // A byte-order mark is not JSON, but editors write it.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  mutating func document() throws(JSONTree.Failure) -> JSONTree {
    let value = try value()
    skipSpace()
    guard position == bytes.count else { throw failure("there is something after the value") }
    return value
  }

  private func failure(_ reason: String) -> JSONTree.Failure {
    JSONTree.Failure(offset: position, reason: reason)
  }

  private mutating func value() throws(JSONTree.Failure) -> JSONTree {
    skipSpace()
    guard position < bytes.count else { throw failure("a value is missing") }
    switch bytes[position] {
    case UInt8(ascii: "{"):
      try enter()
      defer { depth -= 1 }
      return try object()
    case UInt8(ascii: "["):
      try enter()
      defer { depth -= 1 }
      return try array()
    case UInt8(ascii: "\""):
      position += 1
      return .string(try string())
    default:
      if take("null") { return .null }
      if take("true") { return .bool(true) }
      if take("false") { return .bool(false) }
      for name in ["NaN", "Infinity", "-Infinity"] where take(name) { return .number(name) }
      return try number()
    }
  }

  private mutating func enter() throws(JSONTree.Failure) {
    guard depth < Self.depthLimit else { throw failure("it is nested too deeply") }
    position += 1
    depth += 1
  }

  private mutating func object() throws(JSONTree.Failure) -> JSONTree {
    var members: [JSONTree.Member] = []
    if takeMark("}") { return .object(members) }
    repeat {
      guard takeMark("\"") else { throw failure("a key in quotes is missing") }
      let key = try string()
      guard takeMark(":") else { throw failure("a colon is missing after a key") }
      members.append(JSONTree.Member(key: key, value: try value()))
    } while takeMark(",")
    guard takeMark("}") else { throw failure("a comma or a closing brace is missing") }
    return .object(members)
  }

  private mutating func array() throws(JSONTree.Failure) -> JSONTree {
    var values: [JSONTree] = []
    if takeMark("]") { return .array(values) }
    repeat { values.append(try value()) } while takeMark(",")
    guard takeMark("]") else { throw failure("a comma or a closing bracket is missing") }
    return .array(values)
  }

  // MARK: - Text

  private mutating func string() throws(JSONTree.Failure) -> String {
    let start = position
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        guard let string = String(validating: text, as: UTF8.self) else {
          position = start
          throw failure("the text is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw failure("a control character stands in a text without an escape")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw failure("a text does not end")
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONTree.Failure) {
    guard position + 1 < bytes.count else { throw failure("a text does not end") }
    let byte = bytes[position + 1]
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      text.append(contentsOf: UTF8.encode(try escapedScalar())!)
      return
    default: throw failure("an unknown escape")
    }
    position += 2
  }

  /// The scalar of one `\uXXXX`, or of the two that make a surrogate pair.
  private mutating func escapedScalar() throws(JSONTree.Failure) -> Unicode.Scalar {
    let start = position
    var code = try escapedUnit()
    if 0xD800..<0xDC00 ~= code, bytes[position...].starts(with: "\\u".utf8) {
      let low = try escapedUnit()
      if 0xDC00..<0xE000 ~= low { code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00) }
    }
    guard let scalar = Unicode.Scalar(code) else {
      position = start
      throw failure("half of a surrogate pair, which is no text; write \\ufffd in its place")
    }
    return scalar
  }

  private mutating func escapedUnit() throws(JSONTree.Failure) -> UInt32 {
    position += 2
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard position < bytes.count,
        let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue
      else { throw failure("\\u needs four hexadecimal digits") }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }

  // MARK: - Numbers and marks

  private mutating func number() throws(JSONTree.Failure) -> JSONTree {
    let start = position
    if at("-") { position += 1 }
    let first = position
    guard digits() else { throw invalid(start) }
    if bytes[first] == UInt8(ascii: "0"), position > first + 1 { throw invalid(start) }
    if at(".") {
      position += 1
      guard digits() else { throw invalid(start) }
    }
    if at("e") || at("E") {
      position += 1
      if at("+") || at("-") { position += 1 }
      guard digits() else { throw invalid(start) }
    }
    return .number(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private mutating func invalid(_ start: Int) -> JSONTree.Failure {
    position = start
    return failure("this is no value")
  }

  private mutating func digits() -> Bool {
    let start = position
    while position < bytes.count, 0x30...0x39 ~= bytes[position] { position += 1 }
    return position > start
  }

  private func at(_ mark: Unicode.Scalar) -> Bool {
    position < bytes.count && bytes[position] == UInt8(ascii: mark)
  }

  private mutating func take(_ word: String) -> Bool {
    guard bytes[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  private mutating func takeMark(_ mark: Unicode.Scalar) -> Bool {
    skipSpace()
    guard at(mark) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }
}
