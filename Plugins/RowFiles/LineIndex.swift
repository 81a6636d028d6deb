/// Where the rows of a file lie. Lines of white space are no rows.
struct LineIndex: Sendable {
  /// One row.
  struct Line: Sendable, Equatable {
    /// Its bytes, without the line feed.
    var range: Range<Int>
    /// Its line in the file, from 1, as editors count.
    var number: Int
  }

  private(set) var lines: [Line] = []

  /// Splits at line feeds, the only place where JSON Lines may be split: JSON text has no raw ones, and other line separators of
  /// Unicode may stand inside.
  init(_ bytes: [UInt8]) {
    // A byte-order mark is not JSON, but Windows tools write it.
    var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var number = 1
    bytes.withUnsafeBufferPointer { bytes in
      while start < bytes.count {
        let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
        let isBlank = bytes[start..<end].allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
        if !isBlank { lines.append(Line(range: start..<end, number: number)) }
        start = end + 1
        number += 1
      }
    }
  }
}
