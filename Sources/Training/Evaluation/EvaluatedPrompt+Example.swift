public import Components
import LanguageModels
import RunStore

extension EvaluatedPrompt {
  /// What was sampled of a row, without what only training needs.
  ///
  /// - Parameter keeping: columns that must be there and are kept whatever their length.
  init(_ group: RolloutGroup, set: String, mode: String, row: Int, keeping: Set<String>) throws {
    let example = group.example
    for name in keeping.sorted() where example.column(name)?.short(limit: .max) == nil {
      throw TrainingError.row(
        slot: "evaluation: set \(set)",
        id: example.id,
        problem: "has no number or text in the column \(name), which pairs rows",
        cure:
          "Set pair_by to a column that every row of both sets has, or remove it to pair by row ids"
      )
    }
    self.init(
      set: set,
      mode: mode,
      row: row,
      id: example.id,
      digest: example.digest,
      columns: example.evaluationColumns(keeping: keeping),
      prompt: group.promptText,
      completions: group.samples.map(EvaluatedCompletion.init)
    )
  }
}

extension EvaluatedPrompt {
  /// Whether a row asks what this prompt was made of: prompt and columns are the same.
  public func isMade(of row: Example) -> Bool { digest == row.digest }
}

extension Example {
  /// Longest text of a column that is kept, in UTF-8 bytes: categories are short, questions and solutions are not.
  private static let longestText = 64

  /// The columns that an evaluation keeps: numbers, short texts, and those that pair rows.
  public func evaluationColumns(keeping: Set<String> = []) -> [EvaluatedPrompt.Column] {
    var kept = columns.compactMap { column in
      column.value.short(limit: keeping.contains(column.name) ? .max : Self.longestText)
        .map { EvaluatedPrompt.Column(column.name, $0) }
    }
    if let difficulty = difficulty.map(ColumnValue.real)?.short(limit: .max),
      column("difficulty") == nil
    {
      kept.append(EvaluatedPrompt.Column("difficulty", difficulty))
    }
    return kept
  }
}

extension EvaluatedCompletion {
  init(_ sample: RolloutSample) {
    self.init(
      text: sample.text,
      tokens: sample.completion.tokens.count,
      truncated: sample.completion.finishReason == .length,
      scores: sample.scores,
      reward: sample.total,
      solved: sample.solved,
      answer: sample.answer
    )
  }
}

extension Example {
  /// SHA-256 of prompt and columns: two rows with the same one ask the same.
  fileprivate var digest: String {
    let prompt: RecordValue =
      switch self.prompt {
      case .text(let text): .string(text)
      case .messages(let turns): .array(turns.map { [.string($0.role), .string($0.content)] })
      }
    let row = Record(
      [RecordField("prompt", prompt)] + columns.map { RecordField($0.name, $0.value.record) }
    )
    return SHA256.hexDigest(of: Array(row.json.utf8))
  }
}

extension ColumnValue {
  /// A number or a text of at most `limit` bytes as text; `nil` for anything else.
  fileprivate func short(limit: Int) -> String? {
    switch self {
    case .int(let value): return String(value)
    case .real(let value):
      if let whole = Int64(exactly: value) { return String(whole) }
      return value.isFinite ? value.description : nil
    case .text(let text): return text.utf8.count <= limit ? text : nil
    case .null, .list, .messages: return nil
    }
  }

  fileprivate var record: RecordValue {
    switch self {
    case .null: .null
    case .int(let value): .int(value)
    case .real(let value): .double(value)
    case .text(let text): .string(text)
    case .list(let values): .array(values.map(\.record))
    case .messages(let turns): .array(turns.map { [.string($0.role), .string($0.content)] })
    }
  }
}
