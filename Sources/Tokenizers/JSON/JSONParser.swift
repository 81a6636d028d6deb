/// A strict JSON parser (RFC 8259) over UTF-8 bytes.
///
/// Tokens of up to 15 bytes become inline strings without an allocation, so that a vocabulary of
/// 150,000 entries is read in some tens of milliseconds.
struct JSONParser {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let file: String
  private var position = 0
  private var depth = 0
  private var scratch: [UInt8] = []

  /// Deeper nesting than any real file's; the parser recurses.
  private static let maximumDepth = 512

  static func parse(_ bytes: [UInt8], file: String) throws(TokenizerError) -> JSONValue {
    let result: Result<JSONValue, TokenizerError> = bytes.withUnsafeBufferPointer { buffer in
      var parser = JSONParser(bytes: buffer, file: file)
      do throws(TokenizerError) {
        let value = try parser.parseValue()
        parser.skipBlanks()
        guard parser.position == buffer.count else {
          throw parser.failure("there is text after the end of the JSON value")
        }
        return .success(value)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private init(bytes: UnsafeBufferPointer<UInt8>, file: String) {
    self.bytes = bytes
    self.file = file
    // A byte-order mark is not JSON, but editors write it.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  private func failure(_ problem: String, at place: Int? = nil) -> TokenizerError {
    let place = min(place ?? position, bytes.count)
    var line = 1
    var lineStart = 0
    for index in 0..<place where bytes[index] == UInt8(ascii: "\n") {
      line += 1
      lineStart = index + 1
    }
    let excerpt = String(decoding: bytes[place..<min(place + 20, bytes.count)], as: UTF8.self)
    return TokenizerError(
      file: file,
      path: "line \(line), column \(place - lineStart + 1)",
      problem: problem,
      value: place == bytes.count ? "the end of the file" : excerpt.debugDescription,
      cure: "The file is not valid JSON: it may be truncated; write or download it again"
    )
  }

  private mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private mutating func parseValue() throws(TokenizerError) -> JSONValue {
    skipBlanks()
    guard position < bytes.count else { throw failure("a value is missing") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try parseObject()
    case UInt8(ascii: "["): return try parseArray()
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    default: return try parseNumber()
    }
  }

  private mutating func parseWord(
    _ word: StaticString,
    _ value: JSONValue
  ) throws(TokenizerError)
    -> JSONValue
  {
    let length = word.utf8CodeUnitCount
    guard position + length <= bytes.count,
      (0..<length).allSatisfy({ bytes[position + $0] == word.utf8Start[$0] })
    else { throw failure("this is not a JSON value") }
    position += length
    return value
  }

  private mutating func enter() throws(TokenizerError) {
    position += 1
    depth += 1
    if depth > Self.maximumDepth { throw failure("values are nested too deeply") }
  }

  private mutating func parseObject() throws(TokenizerError) -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var members: [JSONObject.Member] = []
    skipBlanks()
    if take(UInt8(ascii: "}")) { return .object(JSONObject()) }
    while true {
      skipBlanks()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw failure("an object's key is missing")
      }
      let key = try parseString()
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { throw failure("a colon is missing after a key") }
      members.append((key, try parseValue()))
      skipBlanks()
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "}")) else { throw failure("a comma or } is missing") }
      return .object(JSONObject(members))
    }
  }

  private mutating func parseArray() throws(TokenizerError) -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var elements: [JSONValue] = []
    skipBlanks()
    if take(UInt8(ascii: "]")) { return .array([]) }
    while true {
      elements.append(try parseValue())
      skipBlanks()
      if take(UInt8(ascii: ",")) { continue }
      guard take(UInt8(ascii: "]")) else { throw failure("a comma or ] is missing") }
      return .array(elements)
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func parseString() throws(TokenizerError) -> String {
    let opening = position
    position += 1
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        defer { position += 1 }
        return try string(UnsafeBufferPointer(rebasing: bytes[start..<position]), at: start)
      }
      if byte == UInt8(ascii: "\\") { return try parseEscapedString(from: start) }
      if byte < 0x20 { throw failure("a control character stands in a string") }
      position += 1
    }
    throw failure("a string does not end", at: opening)
  }

  private func string(
    _ text: UnsafeBufferPointer<UInt8>,
    at place: Int
  ) throws(TokenizerError)
    -> String
  {
    guard let string = String(validating: text, as: UTF8.self) else {
      throw failure("a string is not valid UTF-8", at: place)
    }
    return string
  }

  private mutating func parseEscapedString(from start: Int) throws(TokenizerError) -> String {
    scratch.removeAll(keepingCapacity: true)
    scratch.append(contentsOf: bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: scratch, as: UTF8.self) else {
          throw failure("a string is not valid UTF-8", at: start)
        }
        return string
      case UInt8(ascii: "\\"): try parseEscape()
      case 0..<0x20:
        position -= 1
        throw failure("a control character stands in a string")
      default: scratch.append(byte)
      }
    }
    throw failure("a string does not end", at: start)
  }

  private mutating func parseEscape() throws(TokenizerError) {
    guard position < bytes.count else { throw failure("a string does not end") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scratch.append(byte)
    case UInt8(ascii: "b"): scratch.append(0x08)
    case UInt8(ascii: "f"): scratch.append(0x0C)
    case UInt8(ascii: "n"): scratch.append(0x0A)
    case UInt8(ascii: "r"): scratch.append(0x0D)
    case UInt8(ascii: "t"): scratch.append(0x09)
    case UInt8(ascii: "u"):
      let place = position - 2
      var code = try parseHex()
      if code & 0xFC00 == 0xD800, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
        let low = try parseHex()
        guard low & 0xFC00 == 0xDC00 else { throw failure("half a surrogate pair", at: place) }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else {
        throw failure("half a surrogate pair", at: place)
      }
      scratch.append(contentsOf: UTF8.encode(scalar)!)
    default: throw failure("an unknown escape", at: position - 2)
    }
  }

  private mutating func parseHex() throws(TokenizerError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw failure("\\u needs four hexadecimal digits") }
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = hexadecimalDigit(bytes[position]) else {
        throw failure("\\u needs four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private mutating func parseNumber() throws(TokenizerError) -> JSONValue {
    let start = position
    var isInteger = true
    _ = take(UInt8(ascii: "-"))
    let leading = position
    guard takeDigits() else { throw failure("this is not a JSON value", at: start) }
    if bytes[leading] == UInt8(ascii: "0"), position > leading + 1 {
      throw failure("a number starts with a zero", at: start)
    }
    if take(UInt8(ascii: ".")) {
      isInteger = false
      guard takeDigits() else { throw failure("digits are missing in a number") }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isInteger = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard takeDigits() else { throw failure("digits are missing in a number") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let integer = Int(text) { return .int(integer) }
    guard let number = Double(text) else { throw failure("not a number", at: start) }
    return .double(number)
  }

  private mutating func takeDigits() -> Bool {
    let start = position
    while position < bytes.count, 0x30...0x39 ~= bytes[position] { position += 1 }
    return position > start
  }
}

/// The value of a hexadecimal digit; nil for any other byte.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
