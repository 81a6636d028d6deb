/// What `tokenizer_config.json` and the files beside it say about a tokenizer.
struct TokenizerConfiguration: Sendable {
  var padToken: String?
  var eosToken: String?
  var bosToken: String?
  var unkToken: String?
  var chatTemplate: String?
  /// `tokenizer_config.json` as it was read, which is what is saved again.
  var source: [UInt8]?
  /// `chat_template.jinja` as it was read.
  var templateSource: [UInt8]?

  /// Nothing is known.
  init() {}

  /// Reads the files' contents; a template of its own file goes before the configuration's.
  init(source: [UInt8], file: String) throws(TokenizerError) {
    self.source = source
    let node = JSONNode(try JSONParser.parse(source, file: file), file: file)
    padToken = try Self.token(node, "pad_token")
    eosToken = try Self.token(node, "eos_token")
    bosToken = try Self.token(node, "bos_token")
    unkToken = try Self.token(node, "unk_token")
    chatTemplate = try Self.template(node)
  }

  /// Takes a template of its own file, which goes before the configuration's.
  mutating func setTemplate(_ source: [UInt8], file: String) throws(TokenizerError) {
    guard let text = String(validating: source, as: UTF8.self) else {
      let lines = source.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
      throw TokenizerError(
        file: file,
        path: "line \(line + 1)",
        problem: "the template is not valid UTF-8",
        cure: "Save the template as UTF-8"
      )
    }
    templateSource = source
    chatTemplate = text
  }

  /// A token is a string, or an object with its `content`.
  private static func token(_ node: JSONNode, _ key: String) throws(TokenizerError) -> String? {
    guard let token = try node.optional(key) else { return nil }
    if case .object = token.value { return try token.required("content").string() }
    return try token.string()
  }

  /// A template is a string, or a list of named ones of which `default` counts.
  private static func template(_ node: JSONNode) throws(TokenizerError) -> String? {
    guard let template = try node.optional("chat_template") else { return nil }
    guard case .array = template.value else { return try template.string() }
    for candidate in try template.elements()
    where try candidate.required("name").string().sameBytes(as: "default") {
      return try candidate.required("template").string()
    }
    return nil
  }
}
