import Components

extension BatchFile {
  /// How a conversation without turns is told from an empty list.
  static let emptyConversation = JSONTree.object([
    JSONTree.Member(key: "$messages", value: .array([]))
  ])

  /// One item as a line without its end. Defaults are left out.
  static func line(_ item: RewardItem, step: Int, seed: UInt64) -> String {
    var fields: [(String, String)] = [("id", String(item.id))]
    let row = item.example
    if row.id != item.id { fields.append(("example_id", String(row.id))) }
    fields.append(("prompt", json(row.prompt)))
    if !same(item.promptText, row.prompt.plain) {
      fields.append(("prompt_text", json(item.promptText)))
    }
    fields.append(("completion", json(item.completion)))
    if !same(item.completionWithSpecialTokens, item.completion) {
      fields.append(("completion_with_special_tokens", json(item.completionWithSpecialTokens)))
    }
    if !item.completionIDs.isEmpty {
      let ids = item.completionIDs.map(String.init).joined(separator: ",")
      fields.append(("completion_ids", "[\(ids)]"))
    }
    if item.truncated { fields.append(("truncated", "true")) }
    if !row.columns.isEmpty {
      fields.append(("columns", object(row.columns.map { ($0.name, json($0.value)) })))
    }
    let rest = example(row)
    if !rest.isEmpty { fields.append(("example", object(rest))) }
    if step != 0 { fields.append(("step", String(step))) }
    if seed != 0 { fields.append(("seed", String(seed))) }
    return object(fields)
  }

  private static func example(_ row: Example) -> [(String, String)] {
    var fields: [(String, String)] = []
    if let completion = row.completion { fields.append(("completion", json(completion))) }
    if let difficulty = row.difficulty { fields.append(("difficulty", json(difficulty))) }
    if !row.stepBoundaries.isEmpty {
      let offsets = row.stepBoundaries.map(String.init).joined(separator: ",")
      fields.append(("step_boundaries", "[\(offsets)]"))
    }
    return fields
  }

  /// Whether the bytes are the same; `==` is canonical equivalence.
  private static func same(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

  // MARK: - Values

  private static func object(_ fields: [(String, String)]) -> String {
    "{" + fields.map { json($0) + ":" + $1 }.joined(separator: ",") + "}"
  }

  private static func json(_ text: String) -> String { ParameterValue.string(text).json }

  /// The shortest form that reads back to the same bits; Python's names for what JSON has none for.
  private static func json(_ real: Double) -> String {
    if real.isNaN { return "NaN" }
    if real.isInfinite { return real < 0 ? "-Infinity" : "Infinity" }
    return real.description
  }

  private static func json(_ text: RowText) -> String {
    switch text {
    case .text(let text): return json(text)
    case .messages(let turns): return json(turns)
    }
  }

  private static func json(_ turns: [Message]) -> String {
    let parts = turns.map { object([("role", json($0.role)), ("content", json($0.content))]) }
    return "[" + parts.joined(separator: ",") + "]"
  }

  private static func json(_ value: ColumnValue) -> String {
    switch value {
    case .null: return "null"
    case .int(let integer): return String(integer)
    case .real(let real): return json(real)
    case .text(let text): return json(text)
    case .list(let values): return "[" + values.map { json($0) }.joined(separator: ",") + "]"
    case .messages(let turns): return turns.isEmpty ? emptyConversation.text : json(turns)
    }
  }
}
