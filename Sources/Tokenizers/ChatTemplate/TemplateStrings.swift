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
    for index in start...(text.count - part.count)
    where text[index] == part[0] && text[index..<index + part.count].elementsEqual(part) {
      return index
    }
    return nil
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
      // Python puts the new text between all characters.
      var result = String.UnicodeScalarView()
      var left = limit
      for scalar in text.unicodeScalars {
        if left > 0 { result.append(contentsOf: new.unicodeScalars) }
        left -= 1
        result.append(scalar)
      }
      if left > 0 { result.append(contentsOf: new.unicodeScalars) }
      return String(result)
    }
    return split(text, by: old, limit: limit).joined(separator: new)
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
