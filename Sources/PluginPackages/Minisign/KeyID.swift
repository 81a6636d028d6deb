/// The eight random bytes by which minisign names a key pair.
public struct KeyID: Sendable, Hashable, CustomStringConvertible {
  /// The bytes as they stand in files.
  public let bytes: [UInt8]

  /// - Precondition: eight bytes.
  init(bytes: [UInt8]) {
    precondition(bytes.count == 8, "a key id has 8 bytes, not \(bytes.count)")
    self.bytes = bytes
  }

  /// Reads the sixteen hexadecimal digits that minisign shows; `nil` for anything else.
  public init?(_ text: String) {
    guard text.utf8.count == 16, text.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
      let number = UInt64(text, radix: 16)
    else { return nil }
    bytes = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
  }

  /// Sixteen upper-case hexadecimal digits: the bytes as a little-endian number, as minisign shows it.
  public var description: String {
    let number = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let digits = String(number, radix: 16, uppercase: true)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
