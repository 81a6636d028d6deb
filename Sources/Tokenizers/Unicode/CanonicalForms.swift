/// Canonical decomposition and composition (Unicode Standard Annex 15) with the library's tables.
///
/// Those are Unicode 9's: U+11935 U+11930 is not composed, and U+1DF6 has class 0.
final class CanonicalForms: Sendable {
  static let shared = CanonicalForms()

  private let decompositions: [UInt32: [UInt32]]
  /// Keyed on `first << 32 | second`.
  private let compositions: [UInt64: UInt32]
  private let combiningClass: [UInt32: UInt8]
  /// One bit a scalar: set where NFC may change text that holds it.
  private let suspects: [UInt64]

  /// Decompositions that lose a difference, such as that of a ligature; read when first asked for.
  private static let compatibility = decompositions(of: UnicodeTables.compatibility)

  private static func numbers(_ field: PackedTable.Field) -> [UInt32] {
    field.split(separator: UInt8(ascii: ",")).map { UInt32(PackedTable.number($0)) }
  }

  private static func decompositions(of table: StaticString) -> [UInt32: [UInt32]] {
    var result: [UInt32: [UInt32]] = [:]
    for field in PackedTable.fields(of: table) {
      let scalars = numbers(field)
      result[scalars[0]] = Array(scalars[1...])
    }
    return result
  }

  private init() {
    let decompositions = Self.decompositions(of: UnicodeTables.decompositions)
    var compositions: [UInt64: UInt32] = [:]
    var suspect = [UInt64](repeating: 0, count: 0x110000 / 64)
    func mark(_ scalar: UInt32) { suspect[Int(scalar >> 6)] |= 1 << UInt64(scalar & 63) }
    var composites: Set<UInt32> = []
    for field in PackedTable.fields(of: UnicodeTables.compositions) {
      let scalars = Self.numbers(field)
      compositions[UInt64(scalars[0]) << 32 | UInt64(scalars[1])] = scalars[2]
      composites.insert(scalars[2])
      mark(scalars[1])
    }
    for scalar in decompositions.keys where !composites.contains(scalar) { mark(scalar) }
    var classes: [UInt32: UInt8] = [:]
    for field in PackedTable.fields(of: UnicodeTables.combiningClasses) {
      let parts = field.split(separator: UInt8(ascii: ":"))
      let value = UInt8(PackedTable.number(parts[0]))
      PackedTable.forEachRange(of: parts[1].split(separator: UInt8(ascii: ";"))) { range in
        for scalar in range {
          classes[scalar] = value
          mark(scalar)
        }
      }
    }
    for jamo in Hangul.vowels { mark(jamo) }
    for jamo in Hangul.trailing { mark(jamo) }
    self.decompositions = decompositions
    self.compositions = compositions
    combiningClass = classes
    suspects = suspect
  }

  private enum Hangul {
    static let leading: Range<UInt32> = 0x1100..<0x1113
    static let vowels: Range<UInt32> = 0x1161..<0x1176
    /// The first trailing consonant means none and is not a scalar of its own.
    static let trailing: Range<UInt32> = 0x11A8..<0x11C3
    static let trailingBase: UInt32 = 0x11A7
    static let syllables: Range<UInt32> = 0xAC00..<0xD7A4
  }

  /// Whether `text` is certainly its own NFC; most text is, and is then not copied.
  func isCertainlyComposed(_ text: Bytes) -> Bool {
    var index = 0
    while index < text.count {
      // Nothing below U+0300, whose first byte is 0xCC, is changed or composes backwards.
      if text[index] < 0xCC {
        index += 1
        continue
      }
      let (value, length) = scalar(at: index, in: text)
      if suspects[Int(value >> 6)] >> UInt64(value & 63) & 1 != 0 { return false }
      index += length
    }
    return true
  }

  /// The decomposed scalars of `text` in canonical order.
  func decomposed(_ text: Bytes, compatibly: Bool = false) -> [UInt32] {
    var scalars: [UInt32] = []
    scalars.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      let (value, length) = scalar(at: index, in: text)
      index += length
      if Hangul.syllables.contains(value) {
        let offset = value - Hangul.syllables.lowerBound
        scalars.append(Hangul.leading.lowerBound + offset / 588)
        scalars.append(Hangul.vowels.lowerBound + offset % 588 / 28)
        if offset % 28 != 0 { scalars.append(Hangul.trailingBase + offset % 28) }
      } else if compatibly, value >= 0xA0, let parts = Self.compatibility[value] {
        scalars.append(contentsOf: parts)
      } else if value >= 0xC0, let parts = decompositions[value] {
        scalars.append(contentsOf: parts)
      } else {
        scalars.append(value)
      }
    }
    reorder(&scalars)
    return scalars
  }

  private func combiningClass(of scalar: UInt32) -> UInt8 {
    scalar < 0x300 ? 0 : combiningClass[scalar] ?? 0
  }

  /// Sorts each run of marks by class; equal classes keep their order.
  private func reorder(_ scalars: inout [UInt32]) {
    var index = 0
    while index < scalars.count {
      guard combiningClass(of: scalars[index]) != 0 else {
        index += 1
        continue
      }
      var run: [(class: UInt8, scalar: UInt32)] = []
      let start = index
      while index < scalars.count, case let value = combiningClass(of: scalars[index]), value != 0 {
        run.append((value, scalars[index]))
        index += 1
      }
      guard run.count > 1 else { continue }
      let order = run.indices.sorted { (run[$0].class, $0) < (run[$1].class, $1) }
      for (place, source) in order.enumerated() { scalars[start + place] = run[source].scalar }
    }
  }

  /// The canonical composition of `text` as UTF-8, after its compatibility decomposition if asked.
  func composed(_ text: Bytes, compatibly: Bool = false) -> [UInt8] {
    let scalars = decomposed(text, compatibly: compatibly)
    var result: [UInt32] = []
    result.reserveCapacity(scalars.count)
    var starter: Int?
    var lastClass: UInt8 = 0
    for scalar in scalars {
      let value = combiningClass(of: scalar)
      // A mark of the same or a higher class, or a starter, between the two blocks composition.
      if let starter, result.count == starter + 1 || (lastClass != 0 && lastClass < value),
        let composite = composite(result[starter], scalar)
      {
        result[starter] = composite
        continue
      }
      if value == 0 { starter = result.count }
      lastClass = value
      result.append(scalar)
    }
    return utf8(result)
  }

  private func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if Hangul.leading.contains(first), Hangul.vowels.contains(second) {
      let leading = first - Hangul.leading.lowerBound
      return Hangul.syllables.lowerBound
        + (leading * 21 + second - Hangul.vowels.lowerBound) * 28
    }
    if Hangul.syllables.contains(first), (first - Hangul.syllables.lowerBound) % 28 == 0,
      Hangul.trailing.contains(second)
    {
      return first + second - Hangul.trailingBase
    }
    return compositions[UInt64(first) << 32 | UInt64(second)]
  }

  func utf8(_ scalars: [UInt32]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(scalars.count * 2)
    for scalar in scalars { appendScalar(scalar, to: &bytes) }
    return bytes
  }
}
