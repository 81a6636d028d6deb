import Components
import Tokenizers

extension RowTokenizer {
  /// A conversation as ids, with the tokens of the assistant's turns marked: TRL's `assistant_only_loss`.
  ///
  /// The whole conversation is tokenised at once; a token is the assistant's where it has a byte of one of its turns, as in
  /// transformers' `return_assistant_tokens_mask`.
  ///
  /// - Parameter completionOnly: whether turns of the prompt are left out.
  /// - Returns: the row, what comes before the first trained token as its prompt.
  func conversation(_ example: Example, completionOnly: Bool, slot: String) throws -> Row {
    func refuse(_ problem: String, _ cure: String) -> TrainingError {
      .row(slot: slot, id: example.id, problem: problem, cure: cure)
    }
    guard case .messages(let promptTurns) = example.prompt,
      case .messages(let completionTurns)? = example.completion
    else {
      throw refuse(
        "is not a conversation, which sft.assistant_only_loss needs",
        "Give rows with messages that end in the assistant's turn, or set it to false"
      )
    }
    guard let chat else { throw noTemplate(example, slot: slot) }
    let turns = promptTurns + completionTurns
    guard var marked = try chat.assistantTurns(of: turns) else {
      throw refuse(
        "has assistant turns that the chat template renders differently in a longer conversation, so "
          + "that their places are not known",
        "Use a template with {% generation %} blocks around the assistant's text, or "
          + "assistant_only_loss: false"
      )
    }
    if completionOnly {
      let start = try chat(promptTurns, true).utf8.count
      marked.generated.removeAll { $0.upperBound <= start }
    }
    guard !marked.generated.isEmpty else {
      throw refuse("has no assistant turn to train", "Leave the row out")
    }
    let (ids, trained) = tokens(of: marked)
    let first = trained.firstIndex(of: true) ?? ids.count
    return Row(
      id: example.id,
      prompt: Array(ids[..<first]),
      completion: Array(ids[first...]),
      trained: Array(trained[first...])
    )
  }

  /// The ids of a text, and which of them have a byte in one of the ranges.
  private func tokens(of marked: ChatRenderer.Marked) -> (ids: [Int32], trained: [Bool]) {
    let ids = tokenizer.encode(marked.text, addSpecialTokens: false)
    if let ends = ends(of: ids, in: marked.text) {
      var start = 0
      let trained = ends.map { end -> Bool in
        defer { start = end }
        return marked.generated.contains { range in
          // A token that ends inside a character has no text of its own: it belongs to the one that completes it.
          start == end
            ? range.contains(start) : start < range.upperBound && end > range.lowerBound
        }
      }
      return (ids, trained)
    }
    // A tokenizer whose text is not the joined text of its tokens (a normalizer, words between blanks): each part by itself.
    let bytes = Array(marked.text.utf8)
    var (pieces, trained): ([Int32], [Bool]) = ([], [])
    var position = 0
    func add(_ range: Range<Int>, _ isTrained: Bool) {
      guard !range.isEmpty else { return }
      let text = String(decoding: bytes[range], as: UTF8.self)
      let part = tokenizer.encode(text, addSpecialTokens: false)
      pieces += part
      trained += part.map { _ in isTrained }
    }
    for range in marked.generated {
      add(position..<max(position, range.lowerBound), false)
      add(max(position, range.lowerBound)..<range.upperBound, true)
      position = range.upperBound
    }
    add(position..<bytes.count, false)
    return (pieces, trained)
  }

  /// Where each token's text ends, in bytes; `nil` where the tokens' texts are not the text.
  private func ends(of ids: [Int32], in text: String) -> [Int]? {
    var decoder = tokenizer.streamingDecoder(skipSpecialTokens: false)
    var decoded: [UInt8] = []
    var ends: [Int] = []
    ends.reserveCapacity(ids.count)
    for id in ids {
      decoded += decoder.append(id).utf8
      ends.append(decoded.count)
    }
    decoded += decoder.flush().utf8
    return decoded.elementsEqual(text.utf8) ? ends : nil
  }
}
