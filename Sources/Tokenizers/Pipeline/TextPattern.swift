/// What Split pre-tokenizers and Replace steps look for.
enum TextPattern: Sendable {
  /// An exact string.
  case literal([UInt8])
  /// One of the regular expressions for byte-level BPE.
  case words(WordPattern)
  /// Each scalar of a class alone.
  case scalars(UInt8)
  /// Runs of a class, such as `\s+`.
  case runs(UInt8)
  /// Runs of at least two blanks, ` {2,}`, as T5's files have it.
  case blankRuns
  /// The Whitespace pre-tokenizer's `\w+|[^\w\s]+`. Its `\w` is wider than that of the regular
  /// expressions in files, which another engine reads.
  case wordOrSymbolRuns

  /// Reads `{"String": ...}` or `{"Regex": ...}`.
  init(_ node: JSONNode) throws(TokenizerError) {
    if let literal = try node.optional("String") {
      let bytes = Array(try literal.string().utf8)
      guard !bytes.isEmpty else {
        throw literal.unsupported("empty pattern", supported: "a string of at least one byte")
      }
      self = .literal(bytes)
      return
    }
    let regex = try node.required("Regex")
    switch try regex.string() {
    case "\\s+": self = .runs(CharacterClasses.blank)
    case " {2,}": self = .blankRuns
    case "\\s": self = .scalars(CharacterClasses.blank)
    case "\\p{N}+": self = .runs(CharacterClasses.number)
    case "\\p{N}": self = .scalars(CharacterClasses.number)
    case let source:
      guard let words = WordPattern(regex: source) else {
        throw regex.unsupported(
          "regular expression",
          supported: "those of GPT-2, Qwen 2 to 3.5 and Llama 3 as their files spell them, "
            + "\\s+, \\s, \\p{N}+, \\p{N} and \" {2,}\""
        )
      }
      self = .words(words)
    }
  }

  /// The least number of bytes that match.
  var minimumLength: Int {
    switch self {
    case .literal(let literal): literal.count
    case .blankRuns: 2
    default: 1
    }
  }

  /// Calls `body` with each match from the left; none is empty.
  @inline(__always)
  func forEachMatch(in text: Bytes, _ body: (Range<Int>) -> Void) {
    CharacterClasses.shared.bits.withUnsafeBufferPointer { buffer in
      let bits = buffer.baseAddress!
      var index = 0
      switch self {
      case .words(let pattern):
        while index < text.count {
          let end = pattern.matchEnd(in: text, from: index, bits)
          body(index..<end)
          index = end
        }
      case .literal(let literal):
        literal.withUnsafeBufferPointer { literal in
          let first = literal[0]
          let count = literal.count
          while index + count <= text.count {
            if text[index] == first,
              equalBytes(text.baseAddress! + index, literal.baseAddress, count)
            {
              body(index..<index + count)
              index += count
            } else {
              index += 1
            }
          }
        }
      case .scalars(let mask):
        while index < text.count {
          let (value, length) = scalar(at: index, in: text)
          if bits[Int(value)] & mask != 0 { body(index..<index + length) }
          index += length
        }
      case .runs(let mask):
        Self.forEachRun(in: text, { bits[Int($0)] & mask }) { if $1 != 0 { body($0) } }
      case .blankRuns:
        while index < text.count {
          let start = index
          while index < text.count, text[index] == 0x20 { index += 1 }
          if index - start >= 2 { body(start..<index) }
          if index == start { index += 1 }
        }
      case .wordOrSymbolRuns:
        let mask = CharacterClasses.word | CharacterClasses.blank
        Self.forEachRun(in: text, { bits[Int($0)] & mask }) {
          if $1 & CharacterClasses.blank == 0 { body($0) }
        }
      }
    }
  }

  /// Calls `body` with each longest run of scalars that `key` maps to one value.
  private static func forEachRun(
    in text: Bytes,
    _ key: (UInt32) -> UInt8,
    _ body: (Range<Int>, UInt8) -> Void
  ) {
    var start = 0
    var index = 0
    var current: UInt8 = 0
    while index < text.count {
      let (value, length) = scalar(at: index, in: text)
      let found = key(value)
      if index > start, found != current {
        body(start..<index, current)
        start = index
      }
      current = found
      index += length
    }
    if index > start { body(start..<index, current) }
  }

  /// `text` with each match replaced, nil where nothing matches.
  func replace(in text: Bytes, with content: [UInt8]) -> [UInt8]? {
    var result: [UInt8] = []
    var done = 0
    forEachMatch(in: text) { range in
      if done == 0 { result.reserveCapacity(text.count * 2) }
      result.append(contentsOf: Bytes(rebasing: text[done..<range.lowerBound]))
      result.append(contentsOf: content)
      done = range.upperBound
    }
    guard done > 0 else { return nil }
    result.append(contentsOf: Bytes(rebasing: text[done...]))
    return result
  }
}
