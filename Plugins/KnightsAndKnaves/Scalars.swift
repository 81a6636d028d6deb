// The rules of the rewards are those of Python's regular expressions on Unicode strings. Swift's
// String compares by canonical equivalence and its Characters are grapheme clusters ("\r\n" is one),
// so the texts are looked at as plain arrays of Unicode scalar values.

/// A text as Unicode scalar values.
typealias Scalars = [UInt32]

extension String {
  var scalars: Scalars { unicodeScalars.map(\.value) }
}

extension Scalars {
  /// The text again.
  var text: String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: compactMap(Unicode.Scalar.init))
    return String(text)
  }
}

extension Collection where Element == UInt32, Index == Int {
  /// The first occurrence of `pattern` at or after `start`, as the index of its first scalar.
  func firstIndex(of pattern: Scalars, from start: Int? = nil) -> Int? {
    var position = start ?? startIndex
    while position + pattern.count <= endIndex {
      if matches(pattern, at: position) { return position }
      position += 1
    }
    return nil
  }

  func contains(_ pattern: Scalars) -> Bool { firstIndex(of: pattern) != nil }

  /// The number of occurrences that do not overlap.
  func occurrences(of pattern: Scalars) -> Int {
    var count = 0
    var start = startIndex
    while let found = firstIndex(of: pattern, from: start) {
      count += 1
      start = found + pattern.count
    }
    return count
  }

  func matches(_ pattern: Scalars, at position: Int) -> Bool {
    guard position >= startIndex, position + pattern.count <= endIndex else { return false }
    for offset in 0..<pattern.count where self[position + offset] != pattern[offset] {
      return false
    }
    return true
  }

  /// Whether a word begins or ends before `position`: `\b`.
  func isWordBoundary(_ position: Int) -> Bool {
    let before = position > startIndex && isWordScalar(self[position - 1])
    let after = position < endIndex && isWordScalar(self[position])
    return before != after
  }

  /// The index after the white space that begins at `position`, or `nil` when there is none: `\s+`.
  func skippingSpaces(_ position: Int) -> Int? {
    var end = position
    while end < endIndex, isSpaceScalar(self[end]) { end += 1 }
    return end > position ? end : nil
  }
}

extension ArraySlice<UInt32> {
  /// Without white space at both ends.
  var trimmed: ArraySlice<UInt32> {
    var slice = self
    while let first = slice.first, isSpaceScalar(first) { slice.removeFirst() }
    while let last = slice.last, isSpaceScalar(last) { slice.removeLast() }
    return slice
  }
}

/// What `str.isspace` and `\s` accept.
func isSpaceScalar(_ value: UInt32) -> Bool {
  switch value {
  case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
    0x205F,
    0x3000:
    true
  default: false
  }
}

/// What `\w` accepts: letters, numbers and the underscore.
func isWordScalar(_ value: UInt32) -> Bool {
  switch value {
  case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: return true
  case ..<0x80: return false
  default:
    guard let properties = Unicode.Scalar(value)?.properties else { return false }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber:
      return true
    default: return properties.numericType != nil
    }
  }
}

/// A scalar as `str.lower` turns it, as far as the result is an ASCII letter by itself.
func lowered(_ value: UInt32) -> UInt32 {
  switch value {
  case 0x41...0x5A: value + 0x20
  case 0x212A: 0x6B  // KELVIN SIGN
  default: value
  }
}

/// A scalar as an ASCII pattern sees it when case is ignored.
///
/// Beside the capitals these are the four letters that Python's documentation lists: İ, ı, ſ and K.
func caseFolded(_ value: UInt32) -> UInt32 {
  switch value {
  case 0x130, 0x131: 0x69
  case 0x17F: 0x73
  default: lowered(value)
  }
}
