/// A JSON value. Objects keep their written order.
public indirect enum JSON: Sendable, Equatable {
  /// No value.
  case null
  /// True or false.
  case bool(Bool)
  /// A number without fraction and exponent that fits.
  case int(Int64)
  /// Any other number.
  case double(Double)
  /// Text.
  case string(String)
  /// Values in order.
  case array([JSON])
  /// Named values in order.
  case object([Member])

  /// A named value.
  public struct Member: Sendable, Equatable {
    /// The name.
    public var key: String
    /// The value.
    public var value: JSON

    /// Creates a named value.
    public init(key: String, value: JSON) {
      self.key = key
      self.value = value
    }
  }

  /// Reads a whole JSON text.
  ///
  /// - Throws: `PluginFailure` that names the byte at which the text goes wrong.
  public init(parsing text: String) throws {
    var text = text
    self = try text.withUTF8 { bytes in
      var parser = JSONParser(bytes: bytes)
      return try parser.document()
    }
  }

  /// The value of an object's member, or `nil`.
  public subscript(_ key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key == key }?.value
  }

  /// What it is, for messages.
  var typeName: String {
    switch self {
    case .null: return "null"
    case .bool: return "a boolean"
    case .int: return "a whole number"
    case .double: return "a real number"
    case .string: return "text"
    case .array: return "a list"
    case .object: return "an object"
    }
  }
}

/// A recursive-descent reader of RFC 8259.
private struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0
  private var depth = 0
  /// Deep enough for parameters, shallow enough for any stack.
  private static let depthLimit = 64

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func document() throws -> JSON {
    let value = try value()
    skipSpace()
    guard position == bytes.count else { throw failure("text after the value") }
    return value
  }

  private mutating func value() throws -> JSON {
    skipSpace()
    guard position < bytes.count else { throw failure("the text ends") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try nested { try $0.object() }
    case UInt8(ascii: "["): return try nested { try $0.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func nested(_ body: (inout Self) throws -> JSON) throws -> JSON {
    guard depth < Self.depthLimit else { throw failure("nested too deep") }
    depth += 1
    position += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  private mutating func object() throws -> JSON {
    var members: [JSON.Member] = []
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw failure("a key is missing")
      }
      let key = try string()
      guard take(":") else { throw failure("a colon is missing") }
      members.append(.init(key: key, value: try value()))
    } while take(",")
    guard take("}") else { throw failure("a closing brace is missing") }
    return .object(members)
  }

  private mutating func array() throws -> JSON {
    var values: [JSON] = []
    if take("]") { return .array(values) }
    repeat { values.append(try value()) } while take(",")
    guard take("]") else { throw failure("a closing bracket is missing") }
    return .array(values)
  }

  private mutating func string() throws -> String {
    position += 1
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw failure("a control character in text")
      default: text.append(byte)
      }
    }
    throw failure("text without a closing quote")
  }

  private mutating func escape(into text: inout [UInt8]) throws {
    guard position < bytes.count else { throw failure("the text ends") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hex()
      if 0xD800..<0xDC00 ~= code, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
        bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = try hex()
        guard 0xDC00..<0xE000 ~= low else { throw failure("half of a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair") }
      text.append(contentsOf: UTF8.encode(scalar)!)
    default: throw failure("an unknown escape")
    }
  }

  private mutating func hex() throws -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard position < bytes.count else { throw failure("the text ends") }
      switch bytes[position] {
      case let digit where 0x30...0x39 ~= digit: code = code << 4 | UInt32(digit - 0x30)
      case let digit where 0x41...0x46 ~= digit: code = code << 4 | UInt32(digit - 0x41 + 10)
      case let digit where 0x61...0x66 ~= digit: code = code << 4 | UInt32(digit - 0x61 + 10)
      default: throw failure("an escape without four hexadecimal digits")
      }
      position += 1
    }
    return code
  }

  private mutating func number() throws -> JSON {
    let start = position
    var isInteger = true
    if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
    let first = position
    guard digits() > 0 else { throw failure("not a value") }
    if bytes[first] == UInt8(ascii: "0"), position > first + 1 {
      throw failure("a number with a leading zero")
    }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      guard digits() > 0 else { throw failure("a number without digits after the point") }
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      position += 1
      if position < bytes.count, bytes[position] == 0x2B || bytes[position] == 0x2D {
        position += 1
      }
      guard digits() > 0 else { throw failure("a number without digits in its exponent") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int64(text) { return .int(value) }
    guard let value = Double(text), value.isFinite else { throw failure("a number out of range") }
    return .double(value)
  }

  private mutating func digits() -> Int {
    let start = position
    while position < bytes.count, 0x30...0x39 ~= bytes[position] { position += 1 }
    return position - start
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws -> JSON {
    let end = position + word.utf8CodeUnitCount
    guard end <= bytes.count else { throw failure("not a value") }
    for offset in 0..<word.utf8CodeUnitCount
    where bytes[position + offset] != word.utf8Start[offset] {
      throw failure("not a value")
    }
    position = end
    return value
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: scalar) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
      position += 1
    }
  }

  private func failure(_ what: String) -> PluginFailure {
    PluginFailure(.argument, "not JSON at byte \(position): \(what)")
  }
}
