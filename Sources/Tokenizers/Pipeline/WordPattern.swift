/// The regular expressions that cut text for byte-level BPE, matched by hand.
///
/// They are one family. GPT-2's:
///
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// and that of Qwen 2 and 3 (Llama 3 has `\p{N}{1,3}`):
///
///     (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*
///     |\s*[\r\n]+|\s+(?!\S)|\s+
///
/// Alternatives are tried from the left, the first that matches wins. One of them always matches,
/// so matches follow each other without gaps.
struct WordPattern: Sendable, Equatable {
  /// GPT-2: case-sensitive contractions, a blank before letters or any number of digits.
  /// Otherwise Qwen's and Llama's form.
  var isGPT2: Bool
  /// Most digits in one piece.
  var maximumDigits: Int
  /// The class bits of a word's letters.
  var letters: UInt8

  static let gpt2 = WordPattern(
    isGPT2: true,
    maximumDigits: .max,
    letters: CharacterClasses.letter
  )

  /// The pattern whose source is `regex`, nil where it is not of the family.
  init?(regex: String) {
    func modern(_ letters: String, _ digits: String) -> String {
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\(letters)+|\(digits)"
        + "| ?[^\\s\(letters == "\\p{L}" ? letters : "\\p{L}\\p{M}")\\p{N}]+[\\r\\n]*"
        + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
    }
    let letter = CharacterClasses.letter
    let withMarks = letter | CharacterClasses.mark
    switch regex {
    case "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
      "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+":
      self = .gpt2
    case modern("\\p{L}", "\\p{N}"):
      self.init(isGPT2: false, maximumDigits: 1, letters: letter)
    case modern("\\p{L}", "\\p{N}{1,3}"):
      self.init(isGPT2: false, maximumDigits: 3, letters: letter)
    case modern("[\\p{L}\\p{M}]", "\\p{N}"):
      self.init(isGPT2: false, maximumDigits: 1, letters: withMarks)
    case modern("[\\p{L}\\p{M}]", "\\p{N}{1,3}"):
      self.init(isGPT2: false, maximumDigits: 3, letters: withMarks)
    default: return nil
    }
  }

  private init(isGPT2: Bool, maximumDigits: Int, letters: UInt8) {
    self.isGPT2 = isGPT2
    self.maximumDigits = maximumDigits
    self.letters = letters
  }

  /// Where the match that starts at `start` ends; `start` lies before the end of `text`.
  @inline(__always)
  func matchEnd(in text: Bytes, from start: Int, _ bits: UnsafePointer<UInt8>) -> Int {
    let lead = text[start]
    if lead == UInt8(ascii: "'"), let end = contractionEnd(in: text, from: start) { return end }
    let (first, length) = classBits(at: start, in: text, bits)
    let next = start + length
    // One optional character before letters: GPT-2 takes a blank, the others anything but a
    // newline (letters and digits never get here because they are tested first).
    if first & letters != 0 { return runEnd(in: text, from: next, bits, letters) }
    let mayPrecede =
      isGPT2
      ? lead == 0x20 : first & CharacterClasses.number == 0 && lead != 0x0A && lead != 0x0D
    var following: UInt8 = CharacterClasses.blank
    if next < text.count { following = classBits(at: next, in: text, bits).bits }
    if mayPrecede, following & letters != 0 { return runEnd(in: text, from: next, bits, letters) }

    if first & CharacterClasses.number != 0 {
      return digitsEnd(in: text, from: next, bits, taken: 1)
    }
    if isGPT2, lead == 0x20, following & CharacterClasses.number != 0 {
      return digitsEnd(in: text, from: next, bits, taken: 0)
    }
    let wordLike = CharacterClasses.blank | CharacterClasses.number | letters
    if first & wordLike == 0 || (lead == 0x20 && following & wordLike == 0) {
      var end = next
      while end < text.count {
        let (value, length) = classBits(at: end, in: text, bits)
        if value & wordLike != 0 { break }
        end += length
      }
      if !isGPT2 {
        while end < text.count, text[end] == 0x0A || text[end] == 0x0D { end += 1 }
      }
      return end
    }
    return blanksEnd(in: text, from: start, bits)
  }

  private func contractionEnd(in text: Bytes, from start: Int) -> Int? {
    guard start + 1 < text.count else { return nil }
    let fold: UInt8 = isGPT2 ? 0 : 0x20
    switch text[start + 1] | fold {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return start + 2 < text.count && text[start + 2] | fold == UInt8(ascii: "e")
        ? start + 3 : nil
    case UInt8(ascii: "l"):
      return start + 2 < text.count && text[start + 2] | fold == UInt8(ascii: "l")
        ? start + 3 : nil
    case 0xE5 where !isGPT2 && text[start + 1] == 0xC5 && text[start + 2] == 0xBF:
      return start + 3  // U+017F, the long s, is an s without regard to case
    default: return nil
    }
  }

  @inline(__always)
  private func runEnd(
    in text: Bytes,
    from start: Int,
    _ bits: UnsafePointer<UInt8>,
    _ mask: UInt8
  ) -> Int {
    var end = start
    while end < text.count {
      let (value, length) = classBits(at: end, in: text, bits)
      if value & mask == 0 { break }
      end += length
    }
    return end
  }

  private func digitsEnd(
    in text: Bytes,
    from start: Int,
    _ bits: UnsafePointer<UInt8>,
    taken: Int
  ) -> Int {
    var end = start
    var taken = taken
    while taken < maximumDigits, end < text.count {
      let (value, length) = classBits(at: end, in: text, bits)
      if value & CharacterClasses.number == 0 { break }
      end += length
      taken += 1
    }
    return end
  }

  /// Blanks: up to the last newline of the run; else all but the last one, which goes to the next
  /// piece, unless the text ends or it is the only one.
  private func blanksEnd(in text: Bytes, from start: Int, _ bits: UnsafePointer<UInt8>) -> Int {
    var end = start
    var last = start
    var afterNewline = start
    while end < text.count {
      let (value, length) = classBits(at: end, in: text, bits)
      if value & CharacterClasses.blank == 0 { break }
      last = end
      end += length
      if text[last] == 0x0A || text[last] == 0x0D { afterNewline = end }
    }
    if !isGPT2, afterNewline > start { return afterNewline }
    return end == text.count || last == start ? end : last
  }
}

/// The class bits of the scalar at `index`, and the number of its bytes.
@inline(__always)
private func classBits(
  at index: Int,
  in text: Bytes,
  _ bits: UnsafePointer<UInt8>
) -> (bits: UInt8, length: Int) {
  let lead = text[index]
  if lead < 0x80 { return (bits[Int(lead)], 1) }
  let (value, length) = scalar(at: index, in: text)
  return (bits[Int(value)], length)
}
