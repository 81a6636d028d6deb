import Components
import Tokenizers
import Training

extension ChatTemplate {
  /// The template as the trainer calls it.
  var renderer: ChatRenderer {
    ChatRenderer { turns, addGenerationPrompt in
      try render(messages: turns.map(\.json), addGenerationPrompt: addGenerationPrompt)
    } marking: { turns in
      let rendering = try renderMarkingGeneration(messages: turns.map(\.json))
      return .init(text: rendering.text, generated: rendering.generated)
    }
  }
}

extension Message {
  /// The turn as a template sees it.
  fileprivate var json: JSONValue { ["role": .string(role), "content": .string(content)] }
}

extension Tokenizer {
  /// The tokenizer with the chat template of a file, where one is named.
  func withChatTemplate(path: String?) throws -> Tokenizer {
    guard let path else { return self }
    let other = try withChatTemplate(try InputFile.bytes(path), file: path)
    do {
      _ = try other.chatTemplate()
    } catch {
      throw InputError(path, "", "\(error)", cure: "Correct the template")
    }
    return other
  }

  /// The chat template of a file, or the tokenizer's own; `nil` where there is none.
  func chatRenderer(path: String? = nil) throws -> ChatRenderer? {
    try withChatTemplate(path: path).chatTemplate()?.renderer
  }
}
