/// The scalar that starts at `index` of valid UTF-8, and the number of its bytes.
@inline(__always)
func scalar(at index: Int, in text: Bytes) -> (value: UInt32, length: Int) {
  let lead = UInt32(text[index])
  if lead < 0x80 { return (lead, 1) }
  let second = UInt32(text[index + 1]) & 0x3F
  if lead < 0xE0 { return ((lead & 0x1F) << 6 | second, 2) }
  let third = UInt32(text[index + 2]) & 0x3F
  if lead < 0xF0 { return ((lead & 0x0F) << 12 | second << 6 | third, 3) }
  let fourth = UInt32(text[index + 3]) & 0x3F
  return ((lead & 0x07) << 18 | second << 12 | third << 6 | fourth, 4)
}

/// The scalar that ends before `index` of valid UTF-8, and the number of its bytes.
@inline(__always)
func scalar(before index: Int, in text: Bytes) -> (value: UInt32, length: Int) {
  var start = index - 1
  while text[start] & 0xC0 == 0x80 { start -= 1 }
  return scalar(at: start, in: text)
}

/// Appends the UTF-8 form of a scalar that is valid.
@inline(__always)
func appendScalar(_ value: UInt32, to bytes: inout [UInt8]) {
  switch value {
  case 0..<0x80: bytes.append(UInt8(value))
  case 0x80..<0x800:
    bytes.append(UInt8(0xC0 | value >> 6))
    bytes.append(UInt8(0x80 | value & 0x3F))
  case 0x800..<0x10000:
    bytes.append(UInt8(0xE0 | value >> 12))
    bytes.append(UInt8(0x80 | value >> 6 & 0x3F))
    bytes.append(UInt8(0x80 | value & 0x3F))
  default:
    bytes.append(UInt8(0xF0 | value >> 18))
    bytes.append(UInt8(0x80 | value >> 12 & 0x3F))
    bytes.append(UInt8(0x80 | value >> 6 & 0x3F))
    bytes.append(UInt8(0x80 | value & 0x3F))
  }
}

/// How many bytes at the end of `bytes` may still grow into a scalar: 0 to 3.
///
/// They are a proper prefix of a well-formed sequence (Unicode, table 3-7); anything else is either
/// complete or already known to become U+FFFD.
func incompleteSuffixLength(_ bytes: some RandomAccessCollection<UInt8>) -> Int {
  var back = 1
  while back <= min(3, bytes.count) {
    let index = bytes.index(bytes.endIndex, offsetBy: -back)
    let lead = bytes[index]
    if lead & 0xC0 == 0x80 {
      back += 1
      continue
    }
    let needed: Int
    switch lead {
    case 0xC2...0xDF: needed = 2
    case 0xE0...0xEF: needed = 3
    case 0xF0...0xF4: needed = 4
    default: return 0
    }
    guard back < needed else { return 0 }
    if back > 1 {
      let second = bytes[bytes.index(after: index)]
      let allowed: ClosedRange<UInt8> =
        switch lead {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
      guard allowed.contains(second) else { return 0 }
    }
    return back
  }
  return 0
}
