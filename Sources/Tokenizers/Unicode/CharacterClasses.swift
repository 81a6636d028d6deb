/// The classes of all scalars that patterns and pre-tokenizers ask for, one byte a scalar.
///
/// The tables are packed as text (UnicodeTables) and unpacked at first use in about 2 ms; 1.1 MB
/// flat costs one load for a look-up, and text touches only a few of its pages.
final class CharacterClasses: Sendable {
  static let shared = CharacterClasses()

  static let letter: UInt8 = 1
  static let number: UInt8 = 2
  static let blank: UInt8 = 4
  static let mark: UInt8 = 8
  static let word: UInt8 = 16
  static let numeric: UInt8 = 32
  static let punctuation: UInt8 = 64

  /// The class bits of each scalar.
  let bits: [UInt8]
  private let lowercase: [UInt32: UInt32]

  private init() {
    var bits = [UInt8](repeating: 0, count: 0x110000)
    let tables: [(StaticString, UInt8)] = [
      (UnicodeTables.letters, Self.letter), (UnicodeTables.numbers, Self.number),
      (UnicodeTables.blanks, Self.blank), (UnicodeTables.marks, Self.mark),
      (UnicodeTables.words, Self.word), (UnicodeTables.numerics, Self.numeric),
      (UnicodeTables.punctuation, Self.punctuation),
    ]
    for (table, bit) in tables {
      PackedTable.forEachRange(of: PackedTable.fields(of: table)) { range in
        for value in range { bits[Int(value)] |= bit }
      }
    }
    self.bits = bits
    var lowercase: [UInt32: UInt32] = [:]
    for run in PackedTable.fields(of: UnicodeTables.lowercase) {
      let numbers = run.split(separator: UInt8(ascii: ",")).map { PackedTable.number($0) }
      for step in 0..<numbers[1] {
        let scalar = numbers[0] + step * numbers[2]
        lowercase[UInt32(scalar)] = UInt32(scalar + numbers[3])
      }
    }
    self.lowercase = lowercase
  }

  @inline(__always)
  func isBlank(_ scalar: UInt32) -> Bool { bits[Int(scalar)] & Self.blank != 0 }
  func isWord(_ scalar: UInt32) -> Bool { bits[Int(scalar)] & Self.word != 0 }

  /// Appends the lowercase form of one scalar, without regard to its neighbours.
  func appendLowercase(of scalar: UInt32, to bytes: inout [UInt8]) {
    appendScalar(lowercase[scalar] ?? (scalar == 0x130 ? 0x69 : scalar), to: &bytes)
    if scalar == 0x130 { appendScalar(0x307, to: &bytes) }
  }
}

/// Reads the text form of UnicodeTables.
enum PackedTable {
  typealias Field = UnsafeBufferPointer<UInt8>.SubSequence

  static func fields(of table: StaticString) -> [Field] {
    UnsafeBufferPointer(start: table.utf8Start, count: table.utf8CodeUnitCount)
      .split(separator: UInt8(ascii: " "))
  }

  /// A hexadecimal number, possibly negative.
  static func number(_ digits: Field) -> Int {
    var value = 0
    for byte in digits {
      if let digit = hexadecimalDigit(byte) { value = value << 4 | Int(digit) }
    }
    return digits.first == UInt8(ascii: "-") ? -value : value
  }

  /// Unpacks `gap+length` fields.
  static func forEachRange(of fields: [Field], _ body: (Range<UInt32>) -> Void) {
    var end = 0
    for field in fields {
      let parts = field.split(separator: UInt8(ascii: "+"))
      let start = end + number(parts[0])
      end = start + (parts.count > 1 ? number(parts[1]) : 1)
      body(UInt32(start)..<UInt32(end))
    }
  }
}
