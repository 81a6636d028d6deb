/// GPT-2's printable stand-ins for bytes: Latin letters and symbols stand for themselves, the other
/// 68 bytes for U+0100 onwards in order.
enum ByteAlphabet {
  /// The stand-in of each byte.
  static let scalars: [UInt32] = {
    var result = [UInt32](repeating: 0, count: 256)
    var next: UInt32 = 0x100
    for byte in 0..<UInt32(256) {
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: result[Int(byte)] = byte
      default:
        result[Int(byte)] = next
        next += 1
      }
    }
    return result
  }()

  /// The byte that each scalar below U+0144 stands for, -1 for none.
  private static let bytes: [Int16] = {
    var result = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { result[Int(scalar)] = Int16(byte) }
    return result
  }()

  /// The stand-ins of `text`'s bytes as UTF-8.
  static func encode(_ text: some Sequence<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    for byte in text { appendScalar(scalars[Int(byte)], to: &result) }
    return result
  }

  /// The bytes that a token stands for; nil where it has a character that stands for none.
  static func decode(_ token: some Collection<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(token.count)
    var lead: Int?
    for unit in token {
      let value: Int
      if let high = lead {
        value = high << 6 | Int(unit & 0x3F)
        lead = nil
      } else if unit < 0x80 {
        value = Int(unit)
      } else {
        // All stand-ins have at most two bytes.
        guard unit & 0xE0 == 0xC0 else { return nil }
        lead = Int(unit & 0x1F)
        continue
      }
      guard value < bytes.count, bytes[value] >= 0 else { return nil }
      result.append(UInt8(bytes[value]))
    }
    return result
  }
}
