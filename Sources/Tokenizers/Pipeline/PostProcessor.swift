/// The ids that the file's post-processor puts around those of a text.
struct PostProcessor: Sendable {
  var prefix: [Int32] = []
  var suffix: [Int32] = []

  static let supported =
    "TemplateProcessing, ByteLevel, BertProcessing, RobertaProcessing, Sequence"

  init() {}

  init(_ node: JSONNode) throws(TokenizerError) {
    switch try node.type() {
    case "ByteLevel": break  // It changes offsets only.
    case "TemplateProcessing": try readTemplate(node)
    case "BertProcessing", "RobertaProcessing":
      prefix = [try Self.pairedID(node.required("cls"))]
      suffix = [try Self.pairedID(node.required("sep"))]
    case "Sequence":
      for step in try node.required("processors").elements() {
        let inner = try PostProcessor(step)
        if inner.prefix.isEmpty && inner.suffix.isEmpty { continue }
        guard prefix.isEmpty && suffix.isEmpty else {
          throw step.unsupported(
            "second post-processor that adds tokens",
            supported: "one of them in a Sequence"
          )
        }
        self = inner
      }
    case let type: throw node.unsupported("post-processor \"\(type)\"", supported: Self.supported)
    }
  }

  /// Reads `["[CLS]", 101]`.
  private static func pairedID(_ node: JSONNode) throws(TokenizerError) -> Int32 {
    let parts = try node.elements()
    guard parts.count == 2 else {
      throw node.failure("expected [token, id]", value: node.value.serialized(), cure: "Mend it")
    }
    return try parts[1].tokenID()
  }

  private mutating func readTemplate(_ node: JSONNode) throws(TokenizerError) {
    let specials = try node.required("special_tokens")
    var sawText = false
    for piece in try node.required("single").elements() {
      if let special = try piece.optional("SpecialToken") {
        let name = try special.required("id").string()
        for id in try specials.required(name).required("ids").elements() {
          if sawText { suffix.append(try id.tokenID()) } else { prefix.append(try id.tokenID()) }
        }
      } else {
        let sequence = try piece.required("Sequence")
        guard try sequence.required("id").string() == "A", !sawText else {
          throw sequence.unsupported("template", supported: "the sequence A once")
        }
        sawText = true
      }
    }
    guard sawText else {
      throw try node.required("single").unsupported("template", supported: "the sequence A once")
    }
  }
}
