/// A chat template: messages to the text that a model was trained on.
///
/// Templates are Jinja with the settings of transformers (`trim_blocks`, `lstrip_blocks`, its
/// `tojson`, `raise_exception`, `strftime_now`, loop controls, `{% generation %}`). The part of
/// Jinja that templates use is there; anything else is an error with line and column when the
/// template is read, or when a method that is not there is called.
///
/// ```swift
/// let template = try tokenizer.chatTemplate()!
/// let text = try template.render(
///   messages: [["role": "user", "content": "Hello"]], addGenerationPrompt: true)
/// let ids = tokenizer.encode(text)   // the template writes BOS itself
/// ```
public struct ChatTemplate: Sendable {
  private let statements: [TemplateStatement]
  private let variables: JSONObject
  /// The template's text.
  public let source: String

  /// Text with the places that the template marks as the assistant's.
  public struct Rendering: Sendable, Equatable {
    /// The rendered text.
    public var text: String
    /// UTF-8 byte ranges of the `{% generation %}` blocks; empty where the template has none.
    public var generated: [Range<Int>]
  }

  /// Reads a template.
  ///
  /// - Parameters:
  ///   - source: The template.
  ///   - variables: Names that each rendering sees, such as `bos_token`.
  /// - Throws: `ChatTemplateError` with line and column.
  public init(_ source: String, variables: JSONObject = JSONObject()) throws(ChatTemplateError) {
    statements = try TemplateParser.parse(source)
    self.variables = variables
    self.source = source
  }

  /// Renders a conversation.
  ///
  /// - Parameters:
  ///   - messages: Objects with `role`, `content` and whatever else the template knows.
  ///   - tools: JSON schemas of functions; none where nil.
  ///   - documents: Objects for retrieval; none where nil.
  ///   - addGenerationPrompt: Whether to end with the start of an assistant's turn.
  ///   - continueFinalMessage: Whether to end in the middle of the last message, so that a model
  ///     goes on with it.
  ///   - extra: More names that the template sees, such as `enable_thinking`.
  /// - Throws: `ChatTemplateError`; of kind `raised` where the template refuses the messages.
  public func render(
    messages: [JSONValue],
    tools: [JSONValue]? = nil,
    documents: [JSONValue]? = nil,
    addGenerationPrompt: Bool = false,
    continueFinalMessage: Bool = false,
    extra: JSONObject = JSONObject()
  ) throws(ChatTemplateError) -> String {
    var conversation = try messages.map { (message) throws(ChatTemplateError) in
      try Self.withReasoningNames(message)
    }
    let tag = "CONTINUE_FINAL_MESSAGE_TAG "
    if continueFinalMessage { try Self.appendTag(tag, to: &conversation) }
    let text = try run(conversation, tools, documents, addGenerationPrompt, extra).text
    return continueFinalMessage ? try Self.cut(text, at: tag) : text
  }

  /// Renders a conversation and says which text is the assistant's.
  public func renderMarkingGeneration(
    messages: [JSONValue],
    tools: [JSONValue]? = nil,
    documents: [JSONValue]? = nil,
    extra: JSONObject = JSONObject()
  ) throws(ChatTemplateError) -> Rendering {
    let conversation = try messages.map { (message) throws(ChatTemplateError) in
      try Self.withReasoningNames(message)
    }
    return try run(conversation, tools, documents, false, extra)
  }

  private func run(
    _ messages: [JSONValue],
    _ tools: [JSONValue]?,
    _ documents: [JSONValue]?,
    _ addGenerationPrompt: Bool,
    _ extra: JSONObject
  ) throws(ChatTemplateError) -> Rendering {
    var names: [String: TemplateValue] = [:]
    for (name, value) in variables.members { names[name] = TemplateValue(value) }
    names["messages"] = TemplateValue(.array(messages))
    names["tools"] = tools.map { TemplateValue(.array($0)) } ?? TemplateValue.none
    names["documents"] = documents.map { TemplateValue(.array($0)) } ?? TemplateValue.none
    names["add_generation_prompt"] = .bool(addGenerationPrompt)
    for (name, value) in extra.members { names[name] = TemplateValue(value) }
    var interpreter = TemplateInterpreter(variables: names)
    try interpreter.run(statements)
    return Rendering(
      text: String(decoding: interpreter.output, as: UTF8.self),
      generated: interpreter.generated
    )
  }

  private static func failure(_ message: String) -> ChatTemplateError {
    ChatTemplateError(.value, message, at: TemplatePosition())
  }

  /// As transformers does, reasoning under one of its names is there under the others too.
  private static func withReasoningNames(
    _ message: JSONValue
  ) throws(ChatTemplateError) -> JSONValue {
    guard case .object(var object) = message else {
      throw failure("a message is \(message.typeName), not an object")
    }
    for name in ["reasoning_content", "thinking", "reasoning"] {
      guard let reasoning = object[name], reasoning != .null else { continue }
      // Python's {"thinking": reasoning, **message, "reasoning_content": reasoning}.
      let thinking = object["thinking"] ?? reasoning
      object["thinking"] = Optional<JSONValue>.none
      object = JSONObject([("thinking", thinking)] + object.members)
      object["reasoning_content"] = reasoning
      return .object(object)
    }
    return message
  }

  private static func appendTag(
    _ tag: String,
    to messages: inout [JSONValue]
  ) throws(ChatTemplateError) {
    guard case .object(var last)? = messages.last else {
      throw failure("there is no message to continue")
    }
    switch last["content"] {
    case .string(let text)?: last["content"] = .string(text + tag)
    case .array(var blocks)?:
      let isText: (JSONValue) -> Bool = {
        if case .object(let block) = $0 { block["text"] != nil } else { false }
      }
      guard let index = blocks.lastIndex(where: isText), case .object(var block) = blocks[index],
        case .string(let text)? = block["text"]
      else { throw failure("the last message has no text to continue") }
      block["text"] = .string(text + tag)
      blocks[index] = .object(block)
      last["content"] = .array(blocks)
    default: throw failure("the last message has no content to continue")
    }
    messages[messages.count - 1] = .object(last)
  }

  /// The text before the tag; where the template trimmed the message the blanks before it go too.
  private static func cut(_ text: String, at tag: String) throws(ChatTemplateError) -> String {
    let bytes = Array(text.utf8)
    let whole = Array(tag.utf8)
    let trimmed = Array(whole.dropLast())
    var found: Int?
    while let next = TemplateStrings.firstIndex(
      of: trimmed,
      in: bytes,
      from: found.map { $0 + 1 } ?? 0
    ) {
      found = next
    }
    guard let found else {
      throw failure(
        "the template does not show the end of the last message; it cannot be continued"
      )
    }
    let head = String(decoding: bytes[..<found], as: UTF8.self)
    return bytes[found...].starts(with: whole)
      ? head : TemplateStrings.strip(head, nil, .right)
  }
}

extension Tokenizer {
  /// The tokenizer's chat template with its special tokens as variables; nil where it has none.
  public func chatTemplate() throws(ChatTemplateError) -> ChatTemplate? {
    guard let source = chatTemplateSource else { return nil }
    var variables: [JSONObject.Member] = []
    for (name, token) in [
      ("bos_token", bosToken), ("eos_token", eosToken), ("pad_token", padToken),
      ("unk_token", configuration.unkToken),
    ] {
      if let token { variables.append((name, .string(token))) }
    }
    return try ChatTemplate(source, variables: JSONObject(variables))
  }
}
