/// The line form that minisign's files share: a comment, then base64.
enum MinisignText {
  static let commentPrefix = "untrusted comment: "
  static let trustedPrefix = "trusted comment: "
  /// minisign's own bounds are 1024 and 8192 bytes a line; a larger file is something else.
  static let sizeLimit = 32 << 10

  /// The lines of a text that ends in at most one newline; `nil` where it is not UTF-8 or has a carriage return or NUL.
  static func lines(_ bytes: [UInt8]) -> [String]? {
    guard bytes.count <= sizeLimit, !bytes.contains(0), !bytes.contains(0x0D) else { return nil }
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    if let last = lines.last, last.isEmpty { lines.removeLast() }
    var texts: [String] = []
    for line in lines {
      guard let text = String(validating: line, as: UTF8.self) else { return nil }
      texts.append(text)
    }
    return texts
  }

  /// What follows the prefix; `nil` where the line does not start with it.
  static func rest(of line: String, after prefix: String) -> String? {
    guard line.utf8.starts(with: prefix.utf8) else { return nil }
    return String(line.unicodeScalars.dropFirst(prefix.unicodeScalars.count))
  }

  /// A comment that fits on one line.
  static func comment(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 || $0 == "\t" }))
  }
}
