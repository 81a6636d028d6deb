/// One turn of a conversation, in the field's form: `{"role": "user", "content": "..."}`.
public struct Message: Sendable, Equatable {
  /// `system`, `user`, `assistant` or `tool`.
  public var role: String
  /// The text of the turn.
  public var content: String

  /// Creates a turn.
  public init(role: String, content: String) {
    self.role = role
    self.content = content
  }
}

/// Text as a row gives it: plain, or as a conversation that a chat template renders.
public enum RowText: Sendable, Equatable {
  /// Ready text, tokenised as it stands.
  case text(String)
  /// Turns for the tokenizer's chat template.
  case messages([Message])

  /// The plain text, or the turns' contents joined by newlines (for display and for rewards that want text).
  public var plain: String {
    switch self {
    case .text(let text): return text
    case .messages(let turns): return turns.map(\.content).joined(separator: "\n")
    }
  }
}

/// The value of a dataset column, in the closed set that crosses the plugin ABI.
public indirect enum ColumnValue: Sendable, Equatable {
  /// No value in this row.
  case null
  /// A 64-bit integer; booleans are 0 and 1.
  case int(Int64)
  /// A 64-bit real.
  case real(Double)
  /// UTF-8 text.
  case text(String)
  /// Values in order, of one type or of several.
  case list([ColumnValue])
  /// A conversation.
  case messages([Message])
}

/// A column of a row. Rows keep the order in which the dataset gave its columns.
public struct Column: Sendable, Equatable {
  /// The column's name.
  public var name: String
  /// Its value in this row.
  public var value: ColumnValue

  /// Creates a column.
  public init(_ name: String, _ value: ColumnValue) {
    self.name = name
    self.value = value
  }
}

/// One row of a dataset.
///
/// A row with a `prompt` can be rolled out; a row with a `completion` too is a demonstration. `text` rows of TRL arrive with an
/// empty prompt and the text as completion.
public struct Example: Sendable, Equatable {
  /// Identifies the row for the whole run: the same row has the same id in every epoch and after a resume.
  public var id: UInt64
  /// What the model is asked.
  public var prompt: RowText
  /// A demonstration of a good answer, where the dataset has one.
  public var completion: RowText?
  /// How hard the row is, in the dataset's own unit (for example the number of people in a puzzle).
  public var difficulty: Double?
  /// UTF-8 byte offsets in the completion at which a reasoning step begins, ascending; empty when unknown.
  public var stepBoundaries: [Int]
  /// Every other column, handed to the rewards.
  public var columns: [Column]

  /// Creates a row.
  public init(
    id: UInt64,
    prompt: RowText,
    completion: RowText? = nil,
    difficulty: Double? = nil,
    stepBoundaries: [Int] = [],
    columns: [Column] = []
  ) {
    self.id = id
    self.prompt = prompt
    self.completion = completion
    self.difficulty = difficulty
    self.stepBoundaries = stepBoundaries
    self.columns = columns
  }

  /// The value of a column, or `nil` where the row has none of that name.
  public func column(_ name: String) -> ColumnValue? {
    columns.first { $0.name == name }?.value
  }
}
