/// One step that turns tokens back into text.
enum DecoderStep: Sendable, Equatable {
  /// The file has no decoder: tokens are joined with one blank.
  case joinWithBlank
  /// Stand-in characters to bytes, then UTF-8, one U+FFFD for each maximal bad part.
  case byteLevel
  /// Runs of `<0xNN>` to UTF-8; a bad run becomes one U+FFFD for each byte.
  case byteFallback
  /// All tokens become one.
  case fuse
  /// Takes up to `start` and `stop` copies of a character from the ends of each token.
  case strip(content: [UInt8], start: Int, stop: Int)
  case replace([UInt8], with: [UInt8])
  /// The visible character to a blank, none in the first token where one was put there.
  case metaspace(replacement: [UInt8], dropsFirst: Bool)
  /// A blank before each token but the first and those that start with `prefix`, which goes.
  case wordPiece(prefix: [UInt8], cleansUp: Bool)
  /// `suffix` to a blank, to nothing in the last token.
  case suffix([UInt8])

  static let supported =
    "ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace, WordPiece, BPEDecoder, Sequence"

  /// Reads a decoder; a Sequence gives several steps.
  static func steps(_ node: JSONNode?) throws(TokenizerError) -> [DecoderStep] {
    guard let node else { return [.joinWithBlank] }
    var fused = false
    return try flatSteps(node, &fused)
  }

  private static func flatSteps(
    _ node: JSONNode,
    _ fused: inout Bool
  ) throws(TokenizerError)
    -> [DecoderStep]
  {
    let type = try node.type()
    if fused, ["ByteLevel", "ByteFallback", "Metaspace", "WordPiece", "BPEDecoder"].contains(type) {
      throw node.unsupported(
        "decoder \"\(type)\" after the tokens were fused",
        supported: "\(type) before Fuse"
      )
    }
    switch type {
    case "Sequence":
      var steps: [DecoderStep] = []
      for step in try node.required("decoders").elements() {
        steps += try flatSteps(step, &fused)
      }
      return steps
    case "ByteLevel":
      fused = true
      return [.byteLevel]
    case "ByteFallback": return [.byteFallback]
    case "Fuse":
      fused = true
      return [.fuse]
    case "Strip":
      return [
        .strip(
          content: try node.required("content").character(),
          start: try node.required("start").int(atLeast: 0),
          stop: try node.required("stop").int(atLeast: 0)
        )
      ]
    case "Replace":
      let pattern = try TextPattern(try node.required("pattern"))
      guard case .literal(let literal) = pattern else {
        throw try node.required("pattern").unsupported("pattern", supported: "{\"String\": ...}")
      }
      return [.replace(literal, with: Array(try node.required("content").string().utf8))]
    case "Metaspace":
      return [
        .metaspace(
          replacement: try node.optional("replacement")?.character() ?? Array("▁".utf8),
          dropsFirst: try PreTokenizer.prependScheme(node) != .never
        )
      ]
    case "WordPiece":
      return [
        .wordPiece(
          prefix: Array(try node.optional("prefix")?.string().utf8 ?? "##".utf8),
          cleansUp: try node.bool("cleanup", default: true)
        )
      ]
    case "BPEDecoder":
      let suffix = try node.optional("suffix")
      guard let suffix, try suffix.string().isEmpty else {
        return [.suffix(Array(try suffix?.string().utf8 ?? "</w>".utf8))]
      }
      throw suffix.unsupported("empty suffix", supported: "a string of at least one byte")
    default: throw node.unsupported("decoder \"\(type)\"", supported: supported)
    }
  }

  /// How many times as long as its input the text may become.
  var growth: Double {
    switch self {
    case .replace(let pattern, let content): max(1, Double(content.count) / Double(pattern.count))
    case .byteFallback: 3
    default: 1
    }
  }

  /// What the step makes of one token where that depends on nothing else; nil where it does.
  func applyAlone(to token: [UInt8]) -> [UInt8]? {
    switch self {
    case .byteLevel: ByteAlphabet.decode(token) ?? token
    case .replace(let pattern, let content):
      token.withUnsafeBufferPointer {
        TextPattern.literal(pattern).replace(in: $0, with: content) ?? token
      }
    default: nil
    }
  }
}
