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
  /// The chat template of a file, or the tokenizer's own; `nil` where there is none.
  func chatRenderer(path: String?) throws -> ChatRenderer? {
    guard let path else { return try chatTemplate()?.renderer }
    var variables = JSONObject()
    for (name, token) in [
      ("bos_token", bosToken), ("eos_token", eosToken), ("pad_token", padToken),
    ] {
      if let token { variables[name] = .string(token) }
    }
    do {
      return try ChatTemplate(try InputFile.text(path), variables: variables).renderer
    } catch let error as ChatTemplateError {
      throw InputError(path, "", "\(error)", cure: "Correct the template")
    }
  }
}
