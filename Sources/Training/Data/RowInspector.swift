public import Components
public import Tokenizers

/// Shows what a run would make of a row, without a model.
public struct RowInspector {
  private let rows: RowTokenizer
  private let configuration: TrainingConfiguration

  /// A row as the model would see it.
  public struct Row: Sendable, Equatable {
    /// All ids, prompt first, as far as they are kept.
    public var ids: [Int32]
    /// Which of them are trained.
    public var isTrained: [Bool]
    /// Tokens of the prompt.
    public var promptCount: Int
    /// Tokens that are cut off at the end.
    public var cut: Int
    /// Whether the row is left out, since it is longer than `sft.max_length`; it is whole then.
    public var isLeftOut = false
  }

  /// - Parameter eosID: the id that ends a completion.
  public init(
    configuration: TrainingConfiguration,
    tokenizer: Tokenizer,
    chat: ChatRenderer?,
    eosID: Int32
  ) {
    self.configuration = configuration
    rows = RowTokenizer(tokenizer: tokenizer, chat: chat, eosID: eosID)
  }

  /// The prompt after the chat template.
  public func promptText(_ example: Example, slot: String) throws -> String {
    try rows.promptText(example, slot: slot)
  }

  /// The row as a prompt to be rolled out: nothing of it is trained.
  public func prompt(_ example: Example, slot: String) throws -> Row {
    let ids = try rows.prompt(example, slot: slot)
    return Row(
      ids: ids,
      isTrained: ids.map { _ in false },
      promptCount: ids.count,
      cut: 0
    )
  }

  /// The row as a demonstration; `nil` where it has no completion.
  public func demonstration(_ example: Example, slot: String) throws -> Row? {
    guard let row = try rows.demonstration(example, configuration.sft, slot: slot) else {
      return nil
    }
    let promptMarks = row.prompt.map { _ in false }
    var marks = row.trained ?? row.completion.map { _ in true }
    // Nothing predicts the first token of a row without a prompt.
    if row.prompt.isEmpty, !marks.isEmpty { marks[0] = false }
    return Row(
      ids: row.prompt + row.completion,
      isTrained: promptMarks + marks,
      promptCount: row.prompt.count,
      cut: row.cut,
      isLeftOut: row.prompt.count + row.completion.count > configuration.sft.maxLength
    )
  }

  /// How many packed sequences rows of these lengths make up, in windows as a run packs them.
  public func packedCount(_ lengths: [Int]) -> Int {
    stride(from: 0, to: lengths.count, by: Trainer.packingWindow).reduce(0) { total, start in
      let window = lengths[start..<min(lengths.count, start + Trainer.packingWindow)]
      return total
        + BestFitDecreasing.pack(
          window.filter { $0 > 0 },
          capacity: configuration.sft.maxLength
        ).count
    }
  }
}
