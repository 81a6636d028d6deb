/// Text as Unicode scalars: what Python indexes, and so what the rules that are followed here count in. A Swift `String` compares
/// by canonical equivalence and takes "\r\n" for one character.
typealias Scalars = [Unicode.Scalar]

extension Scalars {
  init(_ text: String) { self = Scalars(text.unicodeScalars) }

  /// The text again.
  var text: String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: self)
    return String(view)
  }

  /// The first place of `part` from `start` on.
  func find(_ part: Scalars, from start: Int = 0) -> Int? {
    guard !part.isEmpty, count >= part.count, start <= count - part.count else { return nil }
    let first = part[0]
    return (start...(count - part.count)).first { at in
      self[at] == first && self[at..<(at + part.count)].elementsEqual(part)
    }
  }

  func contains(_ part: String) -> Bool { find(Scalars(part)) != nil }

  func hasPrefix(_ part: String) -> Bool { starts(with: part.unicodeScalars) }

  func hasSuffix(_ part: String) -> Bool {
    let part = Scalars(part)
    return count >= part.count && suffix(part.count).elementsEqual(part)
  }

  /// Python's `str.replace`.
  func replacing(_ part: String, _ other: String) -> Scalars {
    let (part, other) = (Scalars(part), Scalars(other))
    var result: Scalars = []
    var at = 0
    while let found = find(part, from: at) {
      result += self[at..<found]
      result += other
      at = found + part.count
    }
    return at == 0 ? self : result + self[at...]
  }

  /// Python's `str.split` with a separator.
  func split(on part: String) -> [Scalars] {
    let part = Scalars(part)
    var parts: [Scalars] = []
    var at = 0
    while let found = find(part, from: at) {
      parts.append(Scalars(self[at..<found]))
      at = found + part.count
    }
    return parts + [Scalars(self[at...])]
  }

  /// Python's `str.strip`.
  var stripped: Scalars {
    guard let first = firstIndex(where: { !$0.isPythonSpace }),
      let last = lastIndex(where: { !$0.isPythonSpace })
    else { return [] }
    return Scalars(self[first...last])
  }
}

extension Unicode.Scalar {
  var isASCIIDigit: Bool { value >= 0x30 && value <= 0x39 }

  var isASCIILetter: Bool { (value | 0x20) >= 0x61 && (value | 0x20) <= 0x7A }

  /// Python's `str.isspace`.
  var isPythonSpace: Bool { properties.isWhitespace || (value >= 0x1C && value <= 0x1F) }

  /// Python's `\d`.
  var isDecimal: Bool { isASCIIDigit || properties.generalCategory == .decimalNumber }

  /// Python's `str.isalpha`.
  var isLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      return true
    default: return false
    }
  }
}
