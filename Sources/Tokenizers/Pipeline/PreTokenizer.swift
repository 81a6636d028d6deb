/// One step that cuts text into the words that the model sees.
enum PreTokenizer: Sendable {
  /// GPT-2's: cut by its pattern, then each byte becomes a printable character.
  case byteLevel(addsBlank: Bool, cuts: Bool, mapsBytes: Bool)
  case split(TextPattern, SplitBehavior, inverted: Bool)
  /// SentencePiece's: blanks become a visible character that starts each word.
  case metaspace(replacement: [UInt8], scheme: PrependScheme, cuts: Bool)

  /// Where Metaspace puts its character before text that does not start with it.
  enum PrependScheme: String, Sendable { case first, never, always }

  static let supported =
    "ByteLevel, Split, Metaspace, WhitespaceSplit, Whitespace, Digits, Punctuation, "
    + "BertPreTokenizer, CharDelimiterSplit, Sequence"

  /// Reads a component; a Sequence gives several steps.
  static func steps(_ node: JSONNode) throws(TokenizerError) -> [PreTokenizer] {
    switch try node.type() {
    case "Sequence":
      var steps: [PreTokenizer] = []
      for step in try node.required("pretokenizers").elements() {
        steps += try Self.steps(step)
      }
      return steps
    case "ByteLevel":
      return [
        .byteLevel(
          addsBlank: try node.bool("add_prefix_space", default: true),
          cuts: try node.bool("use_regex", default: true),
          mapsBytes: true
        )
      ]
    case "Split":
      return [
        .split(
          try TextPattern(try node.required("pattern")),
          try SplitBehavior(try node.required("behavior")),
          inverted: try node.bool("invert", default: false)
        )
      ]
    case "Metaspace": return [try metaspace(node)]
    case "WhitespaceSplit":
      return [.split(.scalars(CharacterClasses.blank), .removed, inverted: false)]
    case "Whitespace": return [.split(.wordOrSymbolRuns, .removed, inverted: true)]
    case "Digits":
      let isIndividual = try node.bool("individual_digits", default: false)
      return [
        .split(
          .scalars(CharacterClasses.numeric),
          isIndividual ? .isolated : .contiguous,
          inverted: false
        )
      ]
    case "Punctuation":
      let behavior = try node.optional("behavior")
      return [
        .split(
          .scalars(CharacterClasses.punctuation),
          try behavior.map { (node) throws(TokenizerError) in try SplitBehavior(node) }
            ?? .isolated,
          inverted: false
        )
      ]
    case "BertPreTokenizer":
      return [
        .split(.scalars(CharacterClasses.blank), .removed, inverted: false),
        .split(.scalars(CharacterClasses.punctuation), .isolated, inverted: false),
      ]
    case "CharDelimiterSplit":
      let delimiter = try node.required("delimiter").character()
      return [.split(.literal(delimiter), .removed, inverted: false)]
    case let type: throw node.unsupported("pre-tokenizer \"\(type)\"", supported: supported)
    }
  }

  private static func metaspace(_ node: JSONNode) throws(TokenizerError) -> PreTokenizer {
    .metaspace(
      replacement: try node.optional("replacement")?.character() ?? Array("▁".utf8),
      scheme: try prependScheme(node),
      cuts: try node.bool("split", default: true)
    )
  }

  /// `prepend_scheme`, or what `add_prefix_space` of older files means.
  static func prependScheme(_ node: JSONNode) throws(TokenizerError) -> PrependScheme {
    guard let named = try node.optional("prepend_scheme") else {
      return try node.bool("add_prefix_space", default: true) ? .always : .never
    }
    guard let scheme = PrependScheme(rawValue: try named.string()) else {
      throw named.unsupported("prepend scheme", supported: "first, never, always")
    }
    return scheme
  }

  /// How many times as long as its input the text may become.
  var growth: Double {
    switch self {
    case .split: 1
    case .byteLevel(_, _, let mapsBytes): mapsBytes ? 2 : 1
    case .metaspace(let replacement, _, _): Double(replacement.count)
    }
  }

  /// Calls `emit` with the words of `piece`; `isFirst` says that it starts the whole text.
  func apply(to piece: Bytes, isFirst: Bool, _ emit: (Bytes, Bool) -> Void) {
    switch self {
    case .split(let pattern, let behavior, let inverted):
      behavior.split(piece, pattern, inverted: inverted) { range in
        emit(Bytes(rebasing: piece[range]), isFirst && range.lowerBound == 0)
      }
    case .byteLevel(let addsBlank, let cuts, let mapsBytes):
      if addsBlank, piece.first != 0x20 {
        ([0x20] + piece).withUnsafeBufferPointer { padded in
          Self.byteLevel(padded, isFirst, cuts, mapsBytes, emit)
        }
      } else {
        Self.byteLevel(piece, isFirst, cuts, mapsBytes, emit)
      }
    case .metaspace(let replacement, let scheme, let cuts):
      var text = TextPattern.literal([0x20]).replace(in: piece, with: replacement) ?? Array(piece)
      if scheme == .always || (scheme == .first && isFirst), !text.starts(with: replacement) {
        text = replacement + text
      }
      text.withUnsafeBufferPointer { text in
        guard cuts else { return emit(text, isFirst) }
        SplitBehavior.mergedWithNext.split(text, .literal(replacement), inverted: false) { range in
          emit(Bytes(rebasing: text[range]), isFirst && range.lowerBound == 0)
        }
      }
    }
  }

  private static func byteLevel(
    _ piece: Bytes,
    _ isFirst: Bool,
    _ cuts: Bool,
    _ mapsBytes: Bool,
    _ emit: (Bytes, Bool) -> Void
  ) {
    func pass(_ range: Range<Int>) {
      let word = Bytes(rebasing: piece[range])
      let isFirst = isFirst && range.lowerBound == 0
      if mapsBytes {
        ByteAlphabet.encode(word).withUnsafeBufferPointer { emit($0, isFirst) }
      } else {
        emit(word, isFirst)
      }
    }
    if cuts {
      TextPattern.words(.gpt2).forEachMatch(in: piece, pass)
    } else {
      pass(0..<piece.count)
    }
  }
}
