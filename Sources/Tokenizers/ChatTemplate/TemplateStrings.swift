/// Python's string operations, on bytes or scalars: Swift's are on grapheme clusters.
enum TemplateStrings {
  enum Side { case left, right, both }

  /// `strip`, `lstrip`, `rstrip`: whitespace, or any of the characters given.
  static func strip(_ text: String, _ characters: String?, _ side: Side) -> String {
    let set = characters.map { Set($0.unicodeScalars) }
    func goes(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? isPythonSpace(scalar) }
    var rest = text.unicodeScalars[...]
    if side != .right { while let first = rest.first, goes(first) { rest.removeFirst() } }
    if side != .left { while let last = rest.last, goes(last) { rest.removeLast() } }
    return String(rest)
  }

  static func firstIndex(of part: [UInt8], in text: [UInt8], from start: Int = 0) -> Int? {
    guard start + part.count <= text.count else { return nil }
    if part.isEmpty { return start }
    let borders = borders(of: part)
    return text.withUnsafeBufferPointer { text in
      var matched = 0
      for index in start..<text.count {
        while matched > 0, part[matched] != text[index] { matched = borders[matched - 1] }
        if part[matched] == text[index] { matched += 1 }
        if matched == part.count { return index + 1 - matched }
      }
      return nil
    }
  }

  /// For each start of `part` the length of its longest proper start that also ends it: with it a
  /// search goes through the text once, whatever text and part are (Knuth, Morris and Pratt).
  private static func borders(of part: [UInt8]) -> [Int] {
    var borders = [0]
    var length = 0
    for byte in part.dropFirst() {
      while length > 0, part[length] != byte { length = borders[length - 1] }
      if part[length] == byte { length += 1 }
      borders.append(length)
    }
    return borders
  }

  /// The byte offsets of `part` in `text`, not overlapping.
  private static func occurrences(of part: [UInt8], in text: [UInt8], atMost limit: Int) -> [Int] {
    var found: [Int] = []
    var start = 0
    while found.count < limit, let index = firstIndex(of: part, in: text, from: start) {
      found.append(index)
      start = index + part.count
    }
    return found
  }

  /// `split(separator, limit)`.
  static func split(_ text: String, by separator: String, limit: Int) -> [String] {
    let bytes = Array(text.utf8)
    let length = separator.utf8.count
    var parts: [String] = []
    var start = 0
    for index in occurrences(of: Array(separator.utf8), in: bytes, atMost: limit) {
      parts.append(String(decoding: bytes[start..<index], as: UTF8.self))
      start = index + length
    }
    return parts + [String(decoding: bytes[start...], as: UTF8.self)]
  }

  /// `splitlines()`: a line's end at the end of the text starts no further line.
  static func lines(_ text: String) -> [String] {
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    var previous: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      defer { previous = scalar }
      if scalar == "\n", previous == "\r" { continue }
      switch scalar {
      case "\n", "\r", "\u{B}", "\u{C}", "\u{1C}", "\u{1D}", "\u{1E}", "\u{85}", "\u{2028}",
        "\u{2029}":
        lines.append(String(line))
        line = String.UnicodeScalarView()
      default: line.append(scalar)
      }
    }
    if !line.isEmpty { lines.append(String(line)) }
    return lines
  }

  /// `split(None, limit)`: runs of whitespace separate, the ends count for nothing.
  static func splitAtSpace(_ text: String, limit: Int) -> [String] {
    var parts: [String] = []
    var rest = text.unicodeScalars[...].drop(while: isPythonSpace)
    while !rest.isEmpty {
      if parts.count == limit {
        parts.append(String(rest))
        break
      }
      let word = rest.prefix { !isPythonSpace($0) }
      parts.append(String(word))
      rest = rest[word.endIndex...].drop(while: isPythonSpace)
    }
    return parts
  }

  /// `replace(old, new, limit)`.
  static func replace(
    _ text: String,
    _ old: String,
    with new: String,
    limit: Int = .max
  ) -> String {
    if old.isEmpty {
      // Python puts the new text between all characters. A view of scalars would be copied at each append of several.
      var result = ""
      var left = limit
      for scalar in text.unicodeScalars {
        if left > 0 { result += new }
        left -= 1
        result.unicodeScalars.append(scalar)
      }
      if left > 0 { result += new }
      return result
    }
    return split(text, by: old, limit: limit).joined(separator: new)
  }

  /// At most how long `replace` makes a text.
  static func lengthAfterReplacing(_ old: String, in text: String, with new: String) -> Int {
    let growth = new.utf8.count - old.utf8.count
    guard growth > 0 else { return text.utf8.count }
    let matches = old.isEmpty ? text.utf8.count + 1 : text.utf8.count / old.utf8.count
    // Counting is worth its time only where the guess is large.
    guard !old.isEmpty, matches * growth > 1 << 20 else {
      return text.utf8.count + matches * growth
    }
    return text.utf8.count + count(old, in: text) * growth
  }

  static func count(_ part: String, in text: String) -> Int {
    part.isEmpty
      ? text.unicodeScalars.count + 1
      : occurrences(of: Array(part.utf8), in: Array(text.utf8), atMost: .max).count
  }

  /// The scalar index of `part`, -1 where it is absent.
  static func find(_ part: String, in text: String) -> Int {
    let bytes = Array(text.utf8)
    guard let index = firstIndex(of: Array(part.utf8), in: bytes) else { return -1 }
    return String(decoding: bytes[..<index], as: UTF8.self).unicodeScalars.count
  }

  static func hasPrefix(_ text: String, _ prefix: String) -> Bool {
    text.utf8.starts(with: prefix.utf8)
  }

  static func hasSuffix(_ text: String, _ suffix: String) -> Bool {
    text.utf8.count >= suffix.utf8.count
      && text.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
  }

  static func capitalize(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return text }
    return first.properties.titlecaseMapping
      + String(text.unicodeScalars.dropFirst()).lowercased()
  }

  /// The `title` filter of Jinja: a capital after blanks, hyphens and opening brackets.
  static func title(_ text: String) -> String {
    var result = ""
    var word = String.UnicodeScalarView()
    func finish() {
      if let first = word.first {
        result += String(first).uppercased() + String(word.dropFirst()).lowercased()
      }
      word = String.UnicodeScalarView()
    }
    for scalar in text.unicodeScalars {
      if isPythonSpace(scalar) || "-({[<".unicodeScalars.contains(scalar) {
        finish()
        result.unicodeScalars.append(scalar)
      } else {
        word.append(scalar)
      }
    }
    finish()
    return result
  }
}
