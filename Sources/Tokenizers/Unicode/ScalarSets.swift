/// Sets of scalars that only some normalizers ask for; read when the first of these is used.
final class ScalarSets: Sendable {
  static let shared = ScalarSets()

  /// What StripAccents drops.
  static let accent: UInt8 = 1
  /// What BertNormalizer drops as an accent.
  static let bertAccent: UInt8 = 2
  /// What BertNormalizer's `clean_text` drops.
  static let bertControl: UInt8 = 4
  /// What Nmt drops.
  static let nmtControl: UInt8 = 8
  /// What Nmt makes a blank.
  static let nmtBlank: UInt8 = 16

  private let bits: [UInt8]

  private init() {
    var bits = [UInt8](repeating: 0, count: 0x110000)
    for (table, bit) in [
      (UnicodeTables.accents, Self.accent), (UnicodeTables.bertAccents, Self.bertAccent),
      (UnicodeTables.bertControls, Self.bertControl),
      (UnicodeTables.nmtControls, Self.nmtControl), (UnicodeTables.nmtBlanks, Self.nmtBlank),
    ] {
      PackedTable.forEachRange(of: PackedTable.fields(of: table)) { range in
        for value in range { bits[Int(value)] |= bit }
      }
    }
    self.bits = bits
  }

  func contains(_ scalar: UInt32, _ set: UInt8) -> Bool { bits[Int(scalar)] & set != 0 }

  /// `text` without the scalars of a set.
  func without(_ set: UInt8, _ text: Bytes) -> [UInt8] {
    mapScalars(text) { value, result in
      if !contains(value, set) { appendScalar(value, to: &result) }
    }
  }
}
