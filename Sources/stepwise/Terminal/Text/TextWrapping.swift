extension String {
  /// The text in lines of at most `columns`: broken between words, a word that is too long anywhere, and at its own line ends.
  /// Control characters become blanks.
  func wrapped(to columns: Int) -> [String] {
    let columns = Swift.max(1, columns)
    // By scalars: a line end of two characters, "\r\n", is one Character.
    return unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).flatMap { part in
      var line = part
      if line.last == "\r" { line = line.dropLast() }
      return Self.wrapLine(String(line).replacing("\t", with: "  ").printable, columns)
    }
  }

  private static func wrapLine(_ text: String, _ columns: Int) -> [String] {
    guard text.count > columns else { return [text] }
    var lines: [String] = []
    var rest = Substring(text)
    while rest.count > columns {
      let end = rest.index(rest.startIndex, offsetBy: columns)
      let isBetweenWords = rest[end] == " "
      let cut = isBetweenWords ? end : rest[..<end].lastIndex(of: " ")
      guard let cut, rest[..<cut].contains(where: { $0 != " " }) else {
        lines.append(String(rest[..<end]))
        rest = rest[end...]
        continue
      }
      lines.append(String(rest[..<cut]))
      rest = rest[rest.index(after: cut)...]
    }
    if !rest.isEmpty || lines.isEmpty { lines.append(String(rest)) }
    return lines
  }
}
