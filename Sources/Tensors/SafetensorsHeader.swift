/// Element types of the safetensors format that this module can convert to FP32.
public enum SafetensorsDType: String, Sendable, CaseIterable {
  case f32 = "F32"
  case bf16 = "BF16"
  case f16 = "F16"

  /// Bytes per value.
  public var size: Int { self == .f32 ? 4 : 2 }
}

/// What is wrong with a safetensors file, or with what was asked of it.
public struct SafetensorsError: Error, CustomStringConvertible, Equatable {
  /// The kinds of faults, each naming the tensor or value concerned.
  public enum Fault: Equatable, Sendable {
    case cannotOpen(errno: Int32)
    case notAFile
    case tooShort(bytes: Int)
    case headerTooLong(headerBytes: UInt64, fileBytes: Int)
    case malformedHeader(at: Int, expected: String)
    case duplicateTensor(String)
    case duplicateKey(tensor: String, key: String)
    case missingKey(tensor: String, key: String)
    case unknownDType(tensor: String, dtype: String)
    case shapeOverflow(tensor: String)
    case sizeMismatch(tensor: String, shapeBytes: Int, rangeBytes: Int)
    case outsideFile(tensor: String, end: Int, dataBytes: Int)
    case reversedRange(tensor: String)
    case misaligned(tensor: String, offset: Int, dtype: String)
    case overlap(String, String)
    case hole(before: String, bytes: Int)
    case trailingBytes(Int)
    case noSuchTensor(String)
    case wrongShape(tensor: String, found: [Int], wanted: [Int])
    case notFinite(tensor: String, index: [Int], value: String)
    case wrongCount(tensor: String, values: Int, shape: [Int])
    case cannotWrite(operation: String, errno: Int32)
  }

  /// Path of the file.
  public let file: String
  /// What is wrong.
  public let fault: Fault

  /// Takes each field as given.
  public init(file: String, fault: Fault) {
    self.file = file
    self.fault = fault
  }

  /// What is wrong and how to cure it.
  public var description: String { "\(file): \(explanation)" }

  private var explanation: String {
    switch fault {
    case .cannotOpen(let number): "cannot be read (\(errorText(number)))"
    case .notAFile: "is no file; put the safetensors file in its place"
    case .tooShort(let bytes):
      "\(bytes) bytes are too short for a safetensors file; copy or download it again"
    case .headerTooLong(let header, let bytes):
      "says its header has \(header) bytes, but the file has \(bytes) (or the header is above "
        + "100 MB): it is truncated or no safetensors file"
    case .malformedHeader(let at, let expected):
      "header, byte \(at): expected \(expected); the file is damaged"
    case .duplicateTensor(let name): "names \(name) twice" + Self.cure
    case .duplicateKey(let name, let key): "tensor \(name) has `\(key)` twice" + Self.cure
    case .missingKey(let name, let key): "tensor \(name) has no `\(key)`" + Self.cure
    case .unknownDType(let name, let dtype):
      "tensor \(name) has dtype \(dtype); convert it to one of "
        + SafetensorsDType.allCases.map(\.rawValue).joined(separator: ", ")
    case .shapeOverflow(let name): "tensor \(name) has a shape that overflows" + Self.cure
    case .sizeMismatch(let name, let shape, let range):
      "tensor \(name) needs \(shape) bytes by its shape, but its offsets span \(range)"
        + Self.cure
    case .outsideFile(let name, let end, let bytes):
      "tensor \(name) ends at data byte \(end) of \(bytes): the file is truncated; copy or "
        + "download it again"
    case .reversedRange(let name):
      "tensor \(name) has offsets that end before they begin" + Self.cure
    case .misaligned(let name, let offset, let dtype):
      "tensor \(name) begins at byte \(offset), which is no multiple of the size of \(dtype)"
        + Self.cure
    case .overlap(let a, let b): "tensors \(a) and \(b) overlap" + Self.cure
    case .hole(let name, let bytes):
      "\(bytes) bytes before tensor \(name) belong to no tensor" + Self.cure
    case .trailingBytes(let bytes):
      "\(bytes) bytes after the last tensor belong to no tensor" + Self.cure
    case .noSuchTensor(let name): "has no tensor \(name)"
    case .wrongShape(let name, let found, let wanted):
      "tensor \(name) has shape \(found), the model wants \(wanted): is config.json of the same "
        + "checkpoint?"
    case .notFinite(let name, let index, let value):
      "tensor \(name) has \(value) at \(index): the file is damaged, or its training diverged; copy it "
        + "again, or take an earlier checkpoint"
    case .wrongCount(let name, let values, let shape):
      "tensor \(name) has \(values) values for the shape \(shape)"
    case .cannotWrite(let operation, let number):
      "cannot be written: \(operation) failed (\(errorText(number)))"
    }
  }

  /// Of a header that contradicts itself or its file.
  private static let cure = "; the file is damaged: copy, download or convert it again"
}

/// One tensor of a file: its place and form.
public struct SafetensorsEntry: Sendable, Equatable {
  /// The name in the checkpoint.
  public let name: String
  /// Element type in the file.
  public let dtype: SafetensorsDType
  /// Extent of each axis, outermost first.
  public let shape: [Int]
  /// Bytes of the tensor, counted from the end of the header.
  public let range: Range<Int>

  /// Number of values.
  public var count: Int { shape.product }
}

/// The header's JSON: only the subset that the format allows. An own parser because a general one
/// silently drops a repeated key, and a repeated key is a lie about the contents.
struct SafetensorsHeaderParser {
  private let file: String
  private let bytes: [UInt8]
  private var position = 0
  private(set) var metadata: [String: String] = [:]
  private(set) var entries: [SafetensorsEntry] = []

  init(file: String, bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
  }

  mutating func parse() throws {
    var names: Set<String> = []
    try members { parser, name in
      guard names.insert(name).inserted else { throw parser.error(.duplicateTensor(name)) }
      if name == "__metadata__" {
        try parser.members { parser, key in
          guard parser.metadata[key] == nil else {
            throw parser.error(.duplicateKey(tensor: name, key: key))
          }
          parser.metadata[key] = try parser.string()
        }
      } else {
        try parser.tensor(name)
      }
    }
    // The format pads the header with spaces.
    skipSpace()
    if position < bytes.count { throw malformed("the end of the header") }
  }

  private mutating func tensor(_ name: String) throws {
    var dtype: String?
    var shape: [Int]?
    var offsets: [Int]?
    try members { parser, key in
      switch key {
      case "dtype" where dtype == nil: dtype = try parser.string()
      case "shape" where shape == nil: shape = try parser.integers()
      case "data_offsets" where offsets == nil: offsets = try parser.integers()
      case "dtype", "shape", "data_offsets":
        throw parser.error(.duplicateKey(tensor: name, key: key))
      default: throw parser.malformed("dtype, shape or data_offsets, not `\(key)`")
      }
    }
    guard let dtype else { throw error(.missingKey(tensor: name, key: "dtype")) }
    guard let shape else { throw error(.missingKey(tensor: name, key: "shape")) }
    guard let offsets else { throw error(.missingKey(tensor: name, key: "data_offsets")) }
    guard offsets.count == 2 else { throw malformed("two data_offsets for \(name)") }
    guard offsets[0] <= offsets[1] else { throw error(.reversedRange(tensor: name)) }
    guard let type = SafetensorsDType(rawValue: dtype) else {
      throw error(.unknownDType(tensor: name, dtype: dtype))
    }
    var size = type.size
    for extent in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: extent)
      if overflow { throw error(.shapeOverflow(tensor: name)) }
      size = product
    }
    let span = offsets[1] - offsets[0]
    guard size == span else {
      throw error(.sizeMismatch(tensor: name, shapeBytes: size, rangeBytes: span))
    }
    guard offsets[0] % type.size == 0 else {
      throw error(.misaligned(tensor: name, offset: offsets[0], dtype: dtype))
    }
    entries.append(
      SafetensorsEntry(name: name, dtype: type, shape: shape, range: offsets[0]..<offsets[1])
    )
  }

  // MARK: JSON

  private func error(_ fault: SafetensorsError.Fault) -> SafetensorsError {
    SafetensorsError(file: file, fault: fault)
  }

  private func malformed(_ expected: String) -> SafetensorsError {
    error(.malformedHeader(at: position, expected: expected))
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
      position += 1
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard take(character) else { throw malformed("`\(character)`") }
  }

  private mutating func members(
    _ body: (inout SafetensorsHeaderParser, String) throws -> Void
  ) throws {
    try expect("{")
    if take("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try body(&self, key)
    } while take(",")
    try expect("}")
  }

  private mutating func integers() throws -> [Int] {
    try expect("[")
    var values: [Int] = []
    if take("]") { return values }
    repeat { values.append(try integer()) } while take(",")
    try expect("]")
    return values
  }

  private mutating func integer() throws -> Int {
    skipSpace()
    let start = position
    var value = 0
    while position < bytes.count, case let digit = bytes[position], (0x30...0x39).contains(digit) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(digit - 0x30))
      if overflow || carry { throw malformed("an integer below 2^63") }
      value = sum
      position += 1
    }
    if position == start { throw malformed("a whole number") }
    return value
  }

  private mutating func string() throws -> String {
    try expect("\"")
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw malformed("UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw malformed("no control character in a string")
      default: text.append(byte)
      }
    }
    throw malformed("the end of a string")
  }

  private mutating func escape(into text: inout [UInt8]) throws {
    guard position < bytes.count else { throw malformed("an escape") }
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
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code) {
        // Not with `take`, which passes over spaces: here they would be a part of the name.
        guard bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
          throw malformed("a low surrogate")
        }
        position += 2
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw malformed("a low surrogate") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw malformed("a Unicode scalar") }
      text.append(contentsOf: Array(String(scalar).utf8))
    default: throw malformed("an escape")
    }
  }

  private mutating func hexadecimal() throws -> UInt32 {
    let digits = bytes[position...].prefix(4)
    // A sign is no digit, though a number may begin with it.
    guard digits.count == 4,
      digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw malformed("four hexadecimal digits") }
    position += 4
    return value
  }
}
