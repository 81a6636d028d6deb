/// Mutations that know nothing of the format.
enum ByteMutation {
  /// Bytes that readers treat in their own way.
  private static let special: [UInt8] = [
    0x00, 0x0A, 0x0D, 0x20, 0x22, 0x25, 0x2C, 0x2D, 0x2E, 0x30, 0x39, 0x3A, 0x5B, 0x5C, 0x5D, 0x7B,
    0x7D, 0x7F, 0x80, 0xBF, 0xC0, 0xC3, 0xE2, 0xED, 0xF0, 0xF4, 0xFE, 0xFF,
  ]

  /// Changes a few places.
  static func apply(to input: [UInt8], with other: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
    var bytes = input
    for _ in 0...random.below(4) {
      let place = random.below(bytes.count)
      let length = min(1 + random.below(random.chance(0.2) ? 400 : 8), bytes.count - place)
      switch random.below(9) {
      case 0 where !bytes.isEmpty: bytes[place] ^= 1 << UInt8(random.below(8))
      case 1 where !bytes.isEmpty: bytes[place] = random.pick(special)
      case 2: bytes.insert(random.pick(special), at: place)
      case 3: bytes.removeSubrange(place..<place + length)
      case 4: bytes.insert(contentsOf: Array(bytes[place..<place + length]), at: place)
      case 5: bytes.removeSubrange(place...)
      case 6:
        let part = Array(bytes[place..<place + length])
        let times = 1 + random.below(random.chance(0.05) ? 2000 : 20)
        bytes.insert(contentsOf: (0..<times).flatMap { _ in part }, at: place)
      case 7 where !other.isEmpty:
        let from = random.below(other.count)
        let end = min(from + 1 + random.below(200), other.count)
        bytes.insert(contentsOf: other[from..<end], at: place)
      default: bytes.append(random.pick(special))
      }
    }
    return bytes
  }
}
