/// A prompt of an evaluation with its judged completions: what generations.jsonl has on one line, and what every figure is
/// computed from.
public struct EvaluatedPrompt: Sendable, Equatable {
  /// Which set of rows it is from.
  public var set: String
  /// How its completions were drawn.
  public var mode: String
  /// Its place in the dataset.
  public var row: Int
  /// The row's id.
  public var id: UInt64
  /// SHA-256 of the row as the dataset gave it: prompt and columns, not the demonstration.
  public var digest: String
  /// Numbers and short texts of the row, by which results can be split.
  public var columns: [Column]
  /// The prompt as the model saw it.
  public var prompt: String
  /// In the order in which they were drawn.
  public var completions: [EvaluatedCompletion]

  /// A value of the row, as text.
  public struct Column: Sendable, Equatable {
    /// The column's name; `difficulty` for the row's own.
    public var name: String
    /// Its value; whole numbers without a decimal point.
    public var value: String

    /// Creates a column.
    public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
  }

  /// Creates a prompt.
  public init(
    set: String,
    mode: String,
    row: Int,
    id: UInt64,
    digest: String = "",
    columns: [Column] = [],
    prompt: String = "",
    completions: [EvaluatedCompletion]
  ) {
    self.set = set
    self.mode = mode
    self.row = row
    self.id = id
    self.digest = digest
    self.columns = columns
    self.prompt = prompt
    self.completions = completions
  }

  /// The value of a column, or `nil` where the row has none.
  public func column(_ name: String) -> String? { columns.first { $0.name == name }?.value }

  /// What it has in common with its partner in another set: the value of a column, or the id; `nil` where the row has none.
  public func key(by column: String?) -> String? { column.map(self.column) ?? String(id) }

  /// How many completions are correct.
  public var correct: Int { completions.count(where: \.solved) }
}

/// One judged completion.
public struct EvaluatedCompletion: Sendable, Equatable {
  /// Without special tokens.
  public var text: String
  /// Its length in tokens, the end-of-sequence token included.
  public var tokens: Int
  /// Whether it was cut at the length limit.
  public var truncated: Bool
  /// One score for each reward, `nil` where it abstained.
  public var scores: [Double?]
  /// The weighted sum, `nil` where all abstained.
  public var reward: Double?
  /// Whether it counts as correct.
  public var solved: Bool
  /// The answer that the rewards extract, `nil` where they extract none.
  public var answer: String?

  /// Creates a completion.
  public init(
    text: String,
    tokens: Int = 1,
    truncated: Bool = false,
    scores: [Double?] = [],
    reward: Double? = nil,
    solved: Bool,
    answer: String? = nil
  ) {
    self.text = text
    self.tokens = tokens
    self.truncated = truncated
    self.scores = scores
    self.reward = reward
    self.solved = solved
    self.answer = answer
  }
}
