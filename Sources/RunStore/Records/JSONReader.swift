import Glibc

/// Reads back one line of a stream, keeping the order of fields and the bits of reals.
///
/// Foundation's decoders lose the order and cannot tell 5.0 from 5.
struct JSONReader {
  /// Where and why a line is not JSON.
  struct Failure: Error, Equatable {
    var offset: Int
    var reason: String
  }

  private let bytes: [UInt8]
  private var position = 0
  /// Records nest a few levels; deeper input is not ours, and would overflow the stack.
  private static let depthLimit = 64

  static func value(_ bytes: some Sequence<UInt8>) throws(Failure) -> RecordValue {
    var reader = JSONReader(bytes: Array(bytes))
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    if reader.position < reader.bytes.count { throw reader.failure("something after the value") }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private func failure(_ reason: String) -> Failure { Failure(offset: position, reason: reason) }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) {
      position += 1
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func take(word: String) -> Bool {
    guard bytes[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  private mutating func value(depth: Int) throws(Failure) -> RecordValue {
    if depth > Self.depthLimit { throw failure("nested too deeply") }
    if take("{") { return try object(depth: depth) }
    if take("[") { return try array(depth: depth) }
    if take("\"") { return .string(try string()) }
    if take(word: "null") { return .null }
    if take(word: "true") { return .bool(true) }
    if take(word: "false") { return .bool(false) }
    return try number()
  }

  private mutating func object(depth: Int) throws(Failure) -> RecordValue {
    var fields: [RecordField] = []
    if take("}") { return .object(fields) }
    repeat {
      guard take("\"") else { throw failure("a key is missing") }
      let name = try string()
      guard take(":") else { throw failure("':' is missing") }
      fields.append(RecordField(name, try value(depth: depth + 1)))
    } while take(",")
    guard take("}") else { throw failure("'}' is missing") }
    return .object(fields)
  }

  private mutating func array(depth: Int) throws(Failure) -> RecordValue {
    var values: [RecordValue] = []
    if take("]") { return .array(values) }
    repeat { values.append(try value(depth: depth + 1)) } while take(",")
    guard take("]") else { throw failure("']' is missing") }
    return .array(values)
  }

  private mutating func number() throws(Failure) -> RecordValue {
    let start = position
    while position < bytes.count, "+-.0123456789eE".utf8.contains(bytes[position]) {
      position += 1
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if let whole = Int64(text) { return .int(whole) }
    guard !text.isEmpty, let real = Double(text) else {
      position = start
      throw failure("a value is missing")
    }
    return .double(real)
  }

  private mutating func string() throws(Failure) -> String {
    var out: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: out, as: UTF8.self) else {
          throw failure("text that is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): try escape(into: &out)
      default: out.append(byte)
      }
    }
    throw failure("text without an end")
  }

  private mutating func escape(into out: inout [UInt8]) throws(Failure) {
    guard position < bytes.count else { throw failure("text without an end") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "n"): out.append(0x0a)
    case UInt8(ascii: "r"): out.append(0x0d)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0c)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
    case UInt8(ascii: "u"):
      var unit = try hexUnit()
      if (0xd800..<0xdc00).contains(unit), take(word: "\\u") {
        let low = try hexUnit()
        guard (0xdc00..<0xe000).contains(low) else { throw failure("half a surrogate pair") }
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(unit) else { throw failure("half a surrogate pair") }
      out.append(contentsOf: String(Character(scalar)).utf8)
    default: throw failure("an unknown escape")
    }
  }

  private mutating func hexUnit() throws(Failure) -> UInt32 {
    let end = position + 4
    guard end <= bytes.count,
      let unit = UInt32(String(decoding: bytes[position..<end], as: UTF8.self), radix: 16)
    else { throw failure("an escape without four hexadecimal digits") }
    position = end
    return unit
  }
}
