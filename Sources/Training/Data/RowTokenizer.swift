import Components
import Tokenizers

/// Turns rows into token ids, as TRL does: prompt and completion are tokenised apart, and the completion ends in EOS.
struct RowTokenizer {
  let tokenizer: Tokenizer
  /// Renders conversational rows; `nil` when the tokenizer has none.
  let chat: ChatRenderer?
  /// The id appended to a completion.
  let eosID: Int32

  /// A row as ids.
  struct Row: Sendable, Equatable {
    /// The row's id.
    var id: UInt64
    /// The prompt; empty for a plain `text` row.
    var prompt: [Int32]
    /// The completion with its EOS.
    var completion: [Int32]
    /// Which tokens of the completion are trained; `nil` for all.
    var trained: [Bool]?
    /// Tokens that were cut off at the end.
    var cut = 0
  }

  /// The prompt as the model sees it.
  func promptText(_ example: Example, slot: String) throws -> String {
    switch example.prompt {
    case .text(let text): return text
    case .messages(let turns):
      guard let chat else { throw noTemplate(example, slot: slot) }
      return try chat(turns, true)
    }
  }

  /// The prompt's ids. Special tokens (a BOS) are added to plain text; a rendered template already holds them.
  func prompt(_ example: Example, slot: String) throws -> [Int32] {
    let text = try promptText(example, slot: slot)
    if text.isEmpty { return [] }
    var conversational = false
    if case .messages = example.prompt { conversational = true }
    return tokenizer.encode(text, addSpecialTokens: !conversational)
  }

  /// The demonstration's ids with EOS, or `nil` when the row has none.
  func completion(_ example: Example, slot: String) throws -> [Int32]? {
    guard let completion = example.completion else { return nil }
    switch completion {
    case .text(let text):
      let ids = tokenizer.encode(text, addSpecialTokens: false)
      return ids.last == eosID ? ids : ids + [eosID]
    case .messages(let turns):
      guard let chat else { throw noTemplate(example, slot: slot) }
      // The completion is what the rendered conversation has beyond the rendered prompt.
      guard case .messages(let promptTurns) = example.prompt else {
        throw TrainingError.row(
          slot: slot,
          id: example.id,
          problem: "has a conversational completion but a plain prompt",
          cure: "Give prompt and completion in the same form"
        )
      }
      let head = try chat(promptTurns, true)
      let whole = try chat(promptTurns + turns, false)
      guard whole.utf8.starts(with: head.utf8) else {
        throw TrainingError.row(
          slot: slot,
          id: example.id,
          problem: "renders to a conversation that does not begin with its prompt",
          cure: "Use a chat template that only appends, or give prompt and completion as text"
        )
      }
      let tail = String(decoding: Array(whole.utf8.dropFirst(head.utf8.count)), as: UTF8.self)
      return tokenizer.encode(tail, addSpecialTokens: false)
    }
  }

  /// A demonstration as the settings have it trained.
  ///
  /// One of more than `max_length` tokens is cut at the end (TRL's `truncation_mode: keep_start`) or refused, as `on_overlong_row`
  /// says; where such rows are left out it is returned whole, and the caller leaves it out.
  ///
  /// - Returns: `nil` where the row has no completion.
  /// - Throws: `TrainingError.row` where the completion is empty, the row too long, or a conversation cannot be rendered.
  func demonstration(_ example: Example, _ sft: SFTConfiguration, slot: String) throws -> Row? {
    guard let demonstrated = example.completion else { return nil }
    if demonstrated.isEmpty {
      // It would train the end-of-sequence token alone: a model that answers nothing.
      throw TrainingError.row(
        slot: slot,
        id: example.id,
        problem: "has an empty completion",
        cure: "Give it one, or leave the row out"
      )
    }
    var row: Row
    if sft.assistantOnlyLoss {
      row = try conversation(
        example,
        completionOnly: sft.completionOnlyLoss == true,
        slot: slot
      )
    } else {
      row = Row(
        id: example.id,
        prompt: try prompt(example, slot: slot),
        completion: try completion(example, slot: slot) ?? []
      )
    }
    let length = row.prompt.count + row.completion.count
    if length > sft.maxLength {
      switch sft.onOverlongRow {
      case .truncate: row.truncate(to: sft.maxLength)
      case .skip: break
      case .error:
        throw TrainingError.row(
          slot: slot,
          id: example.id,
          problem: "has \(length) tokens, more than sft.max_length \(sft.maxLength)",
          cure: "Raise sft.max_length, or set sft.on_overlong_row to truncate or skip"
        )
      }
    }
    if sft.completionOnlyLoss == false, !sft.assistantOnlyLoss {
      row.completion = row.prompt + row.completion
      row.prompt = []
    }
    return row
  }

  /// Where the demonstration's reasoning steps begin, in tokens: the dataset gives byte offsets.
  ///
  /// A boundary inside a token moves to the token's start. Conversational completions have none.
  func boundaries(_ example: Example, in completion: [Int32]) -> [Int] {
    guard !example.stepBoundaries.isEmpty, case .text? = example.completion else { return [] }
    var found: [Int] = []
    var decoder = tokenizer.streamingDecoder()
    var bytes = 0
    var next = example.stepBoundaries[...]
    for (index, id) in completion.enumerated() {
      let end = bytes + decoder.append(id).utf8.count
      // A step may begin at the very end, where no token is left to begin it.
      let isLast = index == completion.count - 1
      while let boundary = next.first, boundary < end || isLast && boundary <= end {
        if found.last != index { found.append(index) }
        next = next.dropFirst()
      }
      bytes = end
    }
    return found
  }

  func noTemplate(_ example: Example, slot: String) -> TrainingError {
    .row(
      slot: slot,
      id: example.id,
      problem: "is conversational but the tokenizer has no chat template",
      cure: "Set chat_template_path, or use a dataset with plain text"
    )
  }
}

extension RowTokenizer.Row {
  /// Cuts the end off, the prompt's too where that alone is too long.
  mutating func truncate(to limit: Int) {
    cut = max(0, prompt.count + completion.count - limit)
    if prompt.count > limit { prompt.removeLast(prompt.count - limit) }
    let room = limit - prompt.count
    guard completion.count > room else { return }
    completion.removeLast(completion.count - room)
    if let marks = trained { trained = Array(marks.prefix(room)) }
  }
}

extension RowText {
  /// Whether it is a text without a character, or a conversation without a turn.
  fileprivate var isEmpty: Bool {
    switch self {
    case .text(let text): text.isEmpty
    case .messages(let turns): turns.isEmpty
    }
  }
}
