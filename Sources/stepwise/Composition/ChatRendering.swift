import Components
import Tokenizers
import Training

extension ChatTemplate {
  /// The template as the trainer calls it.
  var renderer: ChatRenderer {
    { turns, addGenerationPrompt in
      try render(
        messages: turns.map { turn in
          ["role": .string(turn.role), "content": .string(turn.content)]
        },
        addGenerationPrompt: addGenerationPrompt
      )
    }
  }
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
