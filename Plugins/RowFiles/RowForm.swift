public import StepwisePlugin

/// How a row becomes an example: TRL's row forms, and what the parameters rename.
///
/// | form | prompt | completion |
/// |---|---|---|
/// | `prompt`, with or without `completion` (text or messages) | as it is | as it is |
/// | `messages` | what precedes the last turn | the last turn, where it is the assistant's |
/// | `conversations` (ShareGPT: `from`, `value`) | the same | the same |
/// | `text` | empty | the text |
public struct RowForm: Sendable, Equatable {
  /// Column names; `nil` where the user named none, and TRL's holds.
  var promptColumn: String?
  var completionColumn: String?
  var textColumn: String?
  var difficultyColumn: String?
  /// Makes the prompt out of columns, in place of a prompt column.
  var promptTemplate: PromptTemplate?
  /// The columns that rewards see; `nil` for all.
  var keptColumns: [String]?

  /// Reads `prompt_column`, `completion_column`, `text_column`, `difficulty_column`, `prompt_template` and `columns`.
  public init(_ parameters: Parameters) throws {
    func optional(_ key: String) throws -> String? {
      parameters.value(key) == nil ? nil : try parameters.string(key)
    }
    promptColumn = try optional("prompt_column")
    completionColumn = try optional("completion_column")
    textColumn = try optional("text_column")
    difficultyColumn = try optional("difficulty_column")
    promptTemplate = try optional("prompt_template").map(PromptTemplate.init)
    keptColumns = parameters.value("columns") == nil ? nil : try parameters.strings("columns")
    if promptColumn != nil, promptTemplate != nil {
      throw PluginFailure(
        .argument,
        "prompt_column and prompt_template are both given; leave one of them out"
      )
    }
  }

  /// Columns that hold turns, where a row has them.
  public var conversational: [String] {
    [promptColumn ?? "prompt", completionColumn ?? "completion", "messages", "conversations"]
  }

  /// The row as an example.
  public func example(_ row: Row, id: UInt64) throws -> Example {
    let (prompt, completion, used) = try texts(row)
    try refuseEmpty(prompt, completion, row)
    return Example(
      id: id,
      prompt: prompt,
      completion: completion,
      difficulty: try difficulty(row),
      columns: try columns(row, without: used)
    )
  }

  /// Prompt and completion, and the columns that they came from.
  private func texts(_ row: Row) throws -> (RowText, RowText?, used: [String]) {
    let completionName = completionColumn ?? "completion"
    if let promptTemplate {
      return (.text(try promptTemplate.fill(row)), try completion(row), used: [completionName])
    }
    let promptName = promptColumn ?? "prompt"
    if promptColumn != nil || row[promptName] != nil {
      let prompt = try row.required(promptName, by: "prompt_column")
      return (
        try rowText(prompt, promptName, row), try completion(row),
        used: [promptName, completionName]
      )
    }
    if let completionColumn {
      throw row.failure(
        "completion_column is '\(completionColumn)', and the row has no prompt",
        cure: "name the prompt with prompt_column or prompt_template, or leave it out; the row has "
          + row.columnNames
      )
    }
    for name in ["messages", "conversations"] {
      guard let value = row[name] else { continue }
      let (prompt, completion) = try conversation(value, name, row)
      return (prompt, completion, used: [name])
    }
    let name = textColumn ?? "text"
    guard let text = row[name] else {
      throw row.failure(
        "no column prompt, messages, conversations or \(name)",
        cure: "name one with prompt_column, text_column or prompt_template; the row has "
          + row.columnNames
      )
    }
    guard case .string(let text) = text else {
      throw row.failure(
        "column '\(name)' is \(text.kind), not text",
        cure: "name another with text_column"
      )
    }
    return (.text(""), .text(text), used: [name])
  }

  private func completion(_ row: Row) throws -> RowText? {
    if let completionColumn {
      let value = try row.required(completionColumn, by: "completion_column")
      return try rowText(value, completionColumn, row)
    }
    return try row["completion"].map { try rowText($0, "completion", row) }
  }

  private func difficulty(_ row: Row) throws -> Double? {
    guard let difficultyColumn else { return nil }
    switch try row.required(difficultyColumn, by: "difficulty_column") {
    case .int(let value): return Double(value)
    case .double(let value): return value
    // A CSV file has nothing but text.
    case .string(let text) where Double(text)?.isFinite == true: return Double(text)
    case let other:
      throw row.failure(
        "column '\(difficultyColumn)' is \(other.kind), not a number",
        cure: "name a column of numbers with difficulty_column"
      )
    }
  }

  /// Names that say nothing but prompt or completion.
  private static let ownNames = ["prompt", "completion", "messages", "conversations", "text"]

  /// Every other column. One with a name of its own (`answer`) stays, for a reward may want it.
  private func columns(_ row: Row, without used: [String]) throws -> [Column] {
    let reserved = used.filter(Self.ownNames.contains)
    for name in keptColumns ?? [] where row.members.allSatisfy({ !same($0.key, name) }) {
      throw row.failure(
        "column '\(name)', named by columns, is missing",
        cure: "the row has \(row.columnNames)"
      )
    }
    return try row.members.filter { member in
      !reserved.contains { same($0, member.key) }
        && (keptColumns?.contains { same($0, member.key) } ?? true)
    }.map { member in
      guard let value = member.value.column() else {
        throw row.failure(
          "column '\(member.key)' nests lists too deep",
          cure: "keep within 32 levels, or leave the column out"
        )
      }
      return Column(member.key, value)
    }
  }

  /// A row must have something to learn from: TRL trains the end-of-sequence token alone on an empty completion, which teaches a
  /// model to say nothing.
  private func refuseEmpty(_ prompt: RowText, _ completion: RowText?, _ row: Row) throws {
    func isEmpty(_ text: RowText) -> Bool {
      switch text {
      case .text(let text): text.utf8.isEmpty
      case .messages(let turns): turns.last?.content.utf8.isEmpty ?? true
      }
    }
    if let completion, isEmpty(completion) {
      throw row.failure(
        "the completion is empty",
        cure: "give it text, leave the column out, or set on_bad_row: skip"
      )
    }
    if completion == nil, isEmpty(prompt) {
      throw row.failure(
        "the prompt is empty and there is no completion",
        cure: "give it text, or set on_bad_row: skip"
      )
    }
  }

  private func rowText(_ value: JSON, _ name: String, _ row: Row) throws -> RowText {
    switch value {
    case .string(let text): return .text(text)
    case .array: return .messages(try turns(value, name, row))
    default:
      throw row.failure(
        "column '\(name)' is \(value.kind), neither text nor messages",
        cure: "give text or [{\"role\": ..., \"content\": ...}], or name another column"
      )
    }
  }

  private func conversation(
    _ value: JSON,
    _ name: String,
    _ row: Row
  ) throws -> (
    RowText, RowText?
  ) {
    let turns = try turns(value, name, row)
    guard let last = turns.last, last.role == "assistant" else { return (.messages(turns), nil) }
    guard turns.count > 1 else {
      throw row.failure(
        "column '\(name)' has an answer but no question",
        cure: "put a user's turn before it, or give the answer as text"
      )
    }
    return (.messages(turns.dropLast()), .messages([last]))
  }

  /// Turns in the field's form, or in ShareGPT's.
  private func turns(_ value: JSON, _ name: String, _ row: Row) throws -> [Message] {
    guard case .array(let values) = value, !values.isEmpty else {
      throw row.failure(
        "column '\(name)' is \(value == .array([]) ? "empty" : value.kind), not a list of turns",
        cure: "give [{\"role\": \"user\", \"content\": ...}, ...]"
      )
    }
    return try values.enumerated().map { index, turn in
      func failure(_ problem: String, _ cure: String) -> PluginFailure {
        row.failure("column '\(name)', turn \(index + 1): \(problem)", cure: cure)
      }
      guard case .string(let given)? = turn["role"] ?? turn["from"] else {
        throw failure("no role", "each turn needs role (or from) and content (or value)")
      }
      guard let role = Self.roleNames[given] else {
        throw failure(
          "role '\(given)' is not known",
          "use \(Row.roles.joined(separator: ", ")), or ShareGPT's human and gpt"
        )
      }
      if let calls = turn["tool_calls"], calls != .null, calls != .array([]) {
        throw failure("tool_calls cannot be rendered", "write the call into content")
      }
      guard case .string(let content)? = turn["content"] ?? turn["value"] else {
        throw failure("content is no text", "give text; lists of parts and images are not read")
      }
      return Message(role: role, content: content)
    }
  }

  /// Each accepted name of a role, and the one that chat templates know. Left: the field's, then ShareGPT's.
  private static let roleNames = [
    "system": "system", "user": "user", "assistant": "assistant", "tool": "tool",
    "human": "user", "gpt": "assistant",
  ]
}
