/// Why bytes from the other process are no message.
struct WireProblem: Error, CustomStringConvertible {
  var description: String
}

/// A value that crosses between host and worker. Both are the same build, so the form has no version; but the host reads what a
/// misbehaving worker wrote, so reading checks every length and never traps.
protocol WireValue {
  func write(to writer: inout WireWriter)
  init(from reader: inout WireReader) throws(WireProblem)
}

/// Appends values: numbers little-endian, lengths before what they count.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func number<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func raw(_ values: UnsafeRawBufferPointer) {
    number(UInt64(values.count))
    bytes.append(contentsOf: values)
  }

  mutating func value(_ value: some WireValue) { value.write(to: &self) }

  mutating func append(_ other: WireWriter) { bytes += other.bytes }
}

/// Takes values off, and refuses what does not fit.
struct WireReader {
  private let bytes: [UInt8]
  private var at: Int

  init(_ bytes: [UInt8], from start: Int = 0) {
    self.bytes = bytes
    at = start
  }

  var left: Int { bytes.count - at }

  mutating func number<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(WireProblem) -> T {
    let size = MemoryLayout<T>.size
    guard left >= size else { throw Self.short }
    defer { at += size }
    return T(
      littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: T.self) }
    )
  }

  /// How many values follow, when each takes at least `size` bytes.
  mutating func count(ofSize size: Int) throws(WireProblem) -> Int {
    let count = try number(UInt64.self)
    guard count <= UInt64(left / size) else { throw Self.short }
    return Int(count)
  }

  /// Bytes with their length.
  mutating func raw() throws(WireProblem) -> [UInt8] {
    let count = try count(ofSize: 1)
    defer { at += count }
    return Array(bytes[at..<at + count])
  }

  mutating func value<T: WireValue>(_ type: T.Type = T.self) throws(WireProblem) -> T {
    try T(from: &self)
  }

  /// The message must end here.
  func end() throws(WireProblem) {
    guard left == 0 else {
      throw WireProblem(description: "\(left) bytes follow the message's end")
    }
  }

  private static let short = WireProblem(description: "the message ends too early")
}

// MARK: - Plain values

extension WireValue where Self: FixedWidthInteger {
  func write(to writer: inout WireWriter) { writer.number(self) }
  init(from reader: inout WireReader) throws(WireProblem) { self = try reader.number() }
}

extension Int: WireValue {}
extension Int32: WireValue {}
extension Int64: WireValue {}
extension UInt8: WireValue {}
extension UInt32: WireValue {}
extension UInt64: WireValue {}

extension Double: WireValue {
  func write(to writer: inout WireWriter) { writer.number(bitPattern) }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(bitPattern: try reader.number())
  }
}

extension Float: WireValue {
  func write(to writer: inout WireWriter) { writer.number(bitPattern) }
  init(from reader: inout WireReader) throws(WireProblem) {
    self.init(bitPattern: try reader.number())
  }
}

extension Bool: WireValue {
  func write(to writer: inout WireWriter) { writer.number(self ? 1 : 0 as UInt8) }
  init(from reader: inout WireReader) throws(WireProblem) {
    switch try reader.number(UInt8.self) {
    case 0: self = false
    case 1: self = true
    case let other: throw WireProblem(description: "\(other) is no truth value")
    }
  }
}

extension String: WireValue {
  func write(to writer: inout WireWriter) {
    var text = self
    text.withUTF8 { writer.raw(UnsafeRawBufferPointer($0)) }
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    guard let text = String(validating: try reader.raw(), as: UTF8.self) else {
      throw WireProblem(description: "a text is not UTF-8")
    }
    self = text
  }
}

extension Optional: WireValue where Wrapped: WireValue {
  func write(to writer: inout WireWriter) {
    writer.value(self != nil)
    if let self { writer.value(self) }
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    self = try reader.value(Bool.self) ? try reader.value(Wrapped.self) : nil
  }
}

extension Array: WireValue where Element: WireValue {
  func write(to writer: inout WireWriter) {
    writer.number(UInt64(count))
    for element in self { writer.value(element) }
  }
  init(from reader: inout WireReader) throws(WireProblem) {
    let count = try reader.count(ofSize: 1)
    self = []
    for _ in 0..<count { append(try reader.value()) }
  }
}

extension WireValue where Self: RawRepresentable, RawValue: WireValue {
  func write(to writer: inout WireWriter) { writer.value(rawValue) }
  init(from reader: inout WireReader) throws(WireProblem) {
    let raw = try reader.value(RawValue.self)
    guard let value = Self(rawValue: raw) else {
      throw WireProblem(description: "\(raw) is no \(Self.self)")
    }
    self = value
  }
}
