import Foundation

/// Reports as JSON.
enum Report {
  /// Indented, with sorted keys.
  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// Writes to a file, or to standard output where none is named.
  static func write(_ value: some Encodable, to file: String?) throws {
    let text = try json(value) + "\n"
    guard let file else { return print(text, terminator: "") }
    try Data(text.utf8).write(to: URL(filePath: file))
    note("written to \(file)")
  }

  /// A line for whoever watches, on standard error.
  static func note(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }
}
