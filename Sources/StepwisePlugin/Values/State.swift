/// Collects the bytes of a state. Everything is little-endian and has one form, so that the same values give the same bytes.
public struct StateWriter: Sendable {
  /// What was written so far.
  public private(set) var bytes: [UInt8] = []

  /// An empty state.
  public init() {}

  /// Writes a whole number as 64 bits.
  public mutating func write(_ value: Int) { write(UInt64(bitPattern: Int64(value))) }

  /// Writes 64 bits.
  public mutating func write(_ value: UInt64) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Writes a real number, bit by bit; NaNs keep their payload.
  public mutating func write(_ value: Double) { write(value.bitPattern) }

  /// Writes true or false.
  public mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

  /// Writes text with its length.
  public mutating func write(_ value: String) {
    write(value.utf8.count)
    bytes.append(contentsOf: value.utf8)
  }

  /// Writes real numbers with their count.
  public mutating func write(_ values: [Double]) {
    write(values.count)
    for value in values { write(value) }
  }

  /// Writes 64-bit numbers with their count.
  public mutating func write(_ values: [UInt64]) {
    write(values.count)
    for value in values { write(value) }
  }

  /// Writes a number that may be absent.
  public mutating func write(_ value: Double?) {
    write(value != nil)
    if let value { write(value) }
  }
}

/// Gives back what a `StateWriter` wrote, in the same order. Each getter throws where the bytes end or cannot be such a value.
public struct StateReader: Sendable {
  private let bytes: [UInt8]
  private var position = 0

  /// Reads `bytes` from the start.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Bytes that were not read yet.
  public var remaining: Int { bytes.count - position }

  /// Reads a whole number.
  public mutating func readInt() throws -> Int { Int(Int64(bitPattern: try readUInt64())) }

  /// Reads 64 bits.
  public mutating func readUInt64() throws -> UInt64 {
    guard remaining >= 8 else { throw Self.ends }
    var value: UInt64 = 0
    for offset in 0..<8 { value |= UInt64(bytes[position + offset]) << UInt64(8 * offset) }
    position += 8
    return value
  }

  /// Reads a real number.
  public mutating func readDouble() throws -> Double { Double(bitPattern: try readUInt64()) }

  /// Reads true or false.
  public mutating func readBool() throws -> Bool {
    guard remaining >= 1 else { throw Self.ends }
    guard bytes[position] <= 1 else {
      throw PluginFailure(.state, "the state has \(bytes[position]) where a boolean belongs")
    }
    position += 1
    return bytes[position - 1] == 1
  }

  /// Reads text.
  public mutating func readString() throws -> String {
    let count = try readCount(size: 1)
    defer { position += count }
    guard let text = String(validating: bytes[position..<position + count], as: UTF8.self) else {
      throw PluginFailure(.state, "the state has text that is not UTF-8")
    }
    return text
  }

  /// Reads real numbers.
  public mutating func readDoubles() throws -> [Double] {
    let count = try readCount(size: 8)
    return try (0..<count).map { _ in try readDouble() }
  }

  /// Reads 64-bit numbers.
  public mutating func readUInt64s() throws -> [UInt64] {
    let count = try readCount(size: 8)
    return try (0..<count).map { _ in try readUInt64() }
  }

  /// Reads a number that may be absent.
  public mutating func readOptionalDouble() throws -> Double? {
    try readBool() ? try readDouble() : nil
  }

  /// Reads a count and checks it against what is left, so that a wrong one cannot ask for all memory.
  private mutating func readCount(size: Int) throws -> Int {
    let count = try readUInt64()
    guard count <= UInt64(remaining / size) else { throw Self.ends }
    return Int(count)
  }

  private static var ends: PluginFailure { PluginFailure(.state, "the state ends too early") }
}

/// The frame that the SDK puts around a state, so that foreign or damaged bytes never reach `loadState`: a tag, the length and
/// a checksum. The host has a frame of its own; this one holds for every host.
enum StateFrame {
  /// "swstate1"
  private static let tag = Array("swstate1".utf8)

  static func wrap(_ payload: [UInt8]) -> [UInt8] {
    var writer = StateWriter()
    writer.write(UInt64(payload.count))
    writer.write(checksum(payload))
    return tag + writer.bytes + payload
  }

  static func unwrap(_ bytes: [UInt8]) throws -> [UInt8] {
    guard bytes.starts(with: tag) else {
      throw PluginFailure(.state, "the bytes are not a state of a Swift plugin")
    }
    var reader = StateReader(Array(bytes[tag.count...]))
    let count = try reader.readUInt64()
    let sum = try reader.readUInt64()
    guard count == UInt64(reader.remaining) else {
      throw PluginFailure(.state, "the state has \(reader.remaining) bytes in place of \(count)")
    }
    let payload = Array(bytes.suffix(reader.remaining))
    guard checksum(payload) == sum else {
      throw PluginFailure(.state, "the state is damaged: its checksum differs")
    }
    return payload
  }

  /// FNV-1a: enough against accidents; the host's digests are against intent.
  private static func checksum(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
