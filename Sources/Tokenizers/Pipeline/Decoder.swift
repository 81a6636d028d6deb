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

  static let supported = "ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace, Sequence"

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
    if fused, ["ByteLevel", "ByteFallback", "Metaspace"].contains(type) {
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
          content: Array(try node.required("content").string().utf8),
          start: try node.required("start").int(),
          stop: try node.required("stop").int()
        )
      ]
    case "Replace":
      let pattern = try TextPattern(try node.required("pattern"))
      guard case .literal(let literal) = pattern else {
        throw try node.required("pattern").unsupported("pattern", supported: "{\"String\": ...}")
      }
      return [.replace(literal, with: Array(try node.required("content").string().utf8))]
    case "Metaspace":
      let replacement = try node.optional("replacement")?.string() ?? "▁"
      return [
        .metaspace(
          replacement: Array(replacement.utf8),
          dropsFirst: try PreTokenizer.prependScheme(node) != .never
        )
      ]
    default: throw node.unsupported("decoder \"\(type)\"", supported: supported)
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
