/// SentencePiece's compiled normalisation table: a double array of what is replaced, and the texts
/// that replace it, each ended by a zero byte.
///
/// The layout is that of `darts-clone`; a unit holds a label, whether a value follows and the offset
/// of its children.
struct CharacterMap: Sendable {
  private let units: [UInt32]
  private let texts: [UInt8]
  /// The length of the longest replacement in bytes, at least 1.
  let longestReplacement: Int
  /// What becomes of each ASCII character alone, nil for those that stay.
  private var ascii: [Range<Int>?] = []

  init(_ node: JSONNode) throws(TokenizerError) {
    func failure(_ problem: String) -> TokenizerError {
      node.failure(
        problem,
        cure: "The table is damaged: convert the SentencePiece model to tokenizer.json again"
      )
    }
    guard let data = Self.base64(try node.string()) else { throw failure("this is not base64") }
    guard data.count >= 4 else { throw failure("the table lacks its size") }
    func word(_ place: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(data[place + $1]) << UInt32(8 * $1) }
    }
    let size = Int(word(0))
    guard size % 4 == 0, size > 0, size <= data.count - 4 else {
      throw failure("the table's size, \(size) bytes, does not fit its \(data.count) bytes")
    }
    units = (0..<size / 4).map { word(4 + 4 * $0) }
    texts = Array(data[(4 + size)...])
    guard String(validating: texts, as: UTF8.self) != nil else {
      throw failure("the table's texts are not UTF-8")
    }
    longestReplacement = max(1, texts.split(separator: 0).map(\.count).max() ?? 1)
    var table: [Range<Int>?] = []
    for byte in UInt8(0)..<0x80 {
      table.append([byte].withUnsafeBufferPointer { replacement(for: $0) })
    }
    ascii = table
  }

  /// The place in `texts` of what replaces the shortest start of `text` that is in the table.
  private func replacement(for text: Bytes) -> Range<Int>? {
    guard let root = units.first else { return nil }
    var place = Self.offset(root)
    for byte in text {
      if byte == 0 { return nil }
      place ^= Int(byte)
      guard place < units.count else { return nil }
      let unit = units[place]
      guard unit & (1 << 31 | 0xFF) == UInt32(byte) else { return nil }
      place ^= Self.offset(unit)
      guard unit >> 8 & 1 == 1 else { continue }
      guard place < units.count else { return nil }
      let start = Int(units[place] & 0x7FFF_FFFF)
      // A damaged table may point beyond its texts, or into the middle of a character.
      guard start < texts.count, texts[start] & 0xC0 != 0x80 else { return nil }
      return start..<(texts[start...].firstIndex(of: 0) ?? texts.count)
    }
    return nil
  }

  private static func offset(_ unit: UInt32) -> Int { Int((unit >> 10) << ((unit & 1 << 9) >> 6)) }

  /// The normal form of `text`, nil where nothing of it is in the table.
  ///
  /// As the library does, a grapheme of less than six bytes is looked up as a whole first, and is
  /// replaced as a whole even where only its start is in the table.
  func apply(_ text: Bytes) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var isChanged = false
    func append(_ part: Bytes, _ replacement: Range<Int>?) {
      if let replacement {
        isChanged = true
        result += texts[replacement]
      } else {
        result += part
      }
    }
    if isASCII(text), !text.contains(0x0D) {
      for index in text.indices {
        append(Bytes(rebasing: text[index...index]), ascii[Int(text[index])])
      }
      return isChanged ? result : nil
    }
    var start = 0
    for grapheme in String(decoding: text, as: UTF8.self) {
      let end = start + grapheme.utf8.count
      defer { start = end }
      let whole = Bytes(rebasing: text[start..<end])
      if whole.count < 6, let replacement = replacement(for: whole) {
        append(whole, replacement)
        continue
      }
      var index = start
      while index < end {
        let part = Bytes(rebasing: text[index..<index + scalar(at: index, in: text).length])
        append(part, replacement(for: part))
        index += part.count
      }
    }
    return isChanged ? result : nil
  }

  /// The bytes of base64 text with its padding; nil where it is none.
  private static func base64(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count / 4 * 3)
    var bits: UInt32 = 0
    var count = 0
    var padding = 0
    for unit in text.utf8 {
      let value: UInt8
      switch unit {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = unit - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = unit - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = unit - UInt8(ascii: "0") + 52
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      case UInt8(ascii: "="):
        padding += 1
        continue
      default: return nil
      }
      if padding > 0 { return nil }
      bits = bits << 6 | UInt32(value)
      count += 1
      if count % 4 == 0 {
        bytes += [UInt8(bits >> 16 & 0xFF), UInt8(bits >> 8 & 0xFF), UInt8(bits & 0xFF)]
      }
    }
    guard (count + padding) % 4 == 0, padding <= 2 else { return nil }
    switch count % 4 {
    case 2: bytes.append(UInt8(bits >> 4 & 0xFF))
    case 3: bytes += [UInt8(bits >> 10 & 0xFF), UInt8(bits >> 2 & 0xFF)]
    default: break
    }
    return bytes
  }
}
