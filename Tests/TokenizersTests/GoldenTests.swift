import Foundation
import Testing

@testable import Tokenizers

/// Real tokenizers against recorded values of `tokenizers` and transformers.
@Suite(.enabled(if: Fixtures.shared != nil, "needs the shared data"))
struct GoldenTests {
  /// Counts rows that are right to the last value, and prints how many are.
  private func count(
    _ what: String,
    _ total: Int,
    of rows: [JSONValue],
    _ isRight: (JSONValue) throws -> Bool
  ) rethrows {
    let right = try rows.count(where: isRight)
    print("golden: \(what): \(right) of \(rows.count)")
    #expect(rows.count == total, "\(what)")
    #expect(right == total, "\(what)")
  }

  static let names = ["gpt2", "qwen2.5", "qwen3", "minimind", "mistral-v0.1"]

  @Test("encoding and decoding", arguments: names)
  func encoding(name: String) throws {
    let tokenizer = try Fixtures.tokenizer(name)
    let rows = try Fixtures.sharedLines("\(name).jsonl")
    count("\(name): strings encoded", 567, of: rows) { row in
      let text = row["text"]!.string
      let ids = row["ids"]!.ids
      return tokenizer.encode(text) == ids
        && tokenizer.encode(text, addSpecialTokens: true) == (row["bos"]?.ids ?? []) + ids
    }
    count("\(name): strings decoded, at once and in a stream", 567, of: rows) { row in
      let ids = row["ids"]!.ids
      let decoded = (row["decoded"] ?? row["text"]!).bytes
      return tokenizer.decode(ids, skipSpecialTokens: false).bytes == decoded
        && tokenizer.streamed(ids, skipSpecialTokens: false).bytes == decoded
        && tokenizer.decode(ids).bytes == row["decoded_skip_special"]?.bytes ?? decoded
    }
  }

  @Test("parts of characters", arguments: names)
  func partialDecoding(name: String) throws {
    let tokenizer = try Fixtures.tokenizer(name)
    let rows = try Fixtures.sharedLines("\(name).partial_decode.jsonl")
    count("\(name): parts of characters", 150, of: rows) { row in
      let ids = row["ids"]!.ids
      let decoded = row["decoded"]!.bytes
      return tokenizer.decode(ids, skipSpecialTokens: false).bytes == decoded
        && tokenizer.streamed(ids, skipSpecialTokens: false).bytes == decoded
    }
  }

  @Test("pre-tokenization", arguments: ["gpt2", "qwen2.5"])
  func preTokenization(name: String) throws {
    let tokenizer = try Fixtures.tokenizer(name)
    let texts = try Fixtures.sharedLines("\(name).jsonl")
    let rows = try Fixtures.sharedLines("\(name).pretok.jsonl")
    count("\(name): pre-token splits", 498, of: rows) { row in
      let text = texts[row["i"]!.int]["text"]!.string
      return tokenizer.core.words(of: text) == row["pieces"]!.array.map(\.bytes)
    }
  }

  @Test(
    "the conformance set of transformers",
    arguments: [("gpt2", "gpt2"), ("qwen2_5", "qwen2.5")]
  )
  func conformance(file: String, name: String) throws {
    func golden(_ name: String) throws -> JSONValue {
      let path = "\(Fixtures.shared!)/data/golden/conformance_hf/\(name).json"
      return try JSONValue(json: Data(contentsOf: URL(filePath: path)), file: name)
    }
    let tokenizer = try Fixtures.tokenizer(name)
    let inputs = try golden("inputs").array
    let entries = try golden(file)["entries"]!.array
    let texts = Dictionary(
      uniqueKeysWithValues: inputs.map { ($0["id"]!.string, $0["text"]!.string) }
    )
    try count("\(file): conformance entries", 83, of: entries) { entry in
      let ids = entry["input_ids"]!.ids
      let text = try #require(texts[entry["id"]!.string])
      return tokenizer.encode(text, addSpecialTokens: true) == ids
        && ids.map { tokenizer.token($0)!.bytes } == entry["tokens"]!.array.map(\.bytes)
        && tokenizer.decode(ids, skipSpecialTokens: false).bytes
          == entry["decoded_with_special"]!.bytes
        && tokenizer.decode(ids).bytes == entry["decoded_skip_special"]!.bytes
    }
  }

  @Test(
    "chat templates",
    arguments: [("qwen2.5", 47), ("qwen3", 51), ("minimind", 49), ("mistral-v0.1", 47)]
  )
  func chat(name: String, total: Int) throws {
    let tokenizer = try Fixtures.tokenizer(name)
    let template = try #require(try tokenizer.chatTemplate())
    let rows = try Fixtures.sharedLines("chat_\(name).jsonl")
    try count("\(name): chat renderings", total, of: rows) { row in
      func render() throws -> String {
        try template.render(
          messages: row["messages"]!.array,
          tools: row["tools"]?.array,
          addGenerationPrompt: row["add_generation_prompt"]?.bool ?? false,
          continueFinalMessage: row["continue_final_message"]?.bool ?? false,
          extra: row["kwargs"]?.object ?? JSONObject()
        )
      }
      if let error = row["error"] {
        let thrown = #expect(throws: ChatTemplateError.self) { try render() }
        return "TemplateError: " + (thrown?.message ?? "") == error.string
          && thrown?.kind == .raised
      }
      let text = try render()
      return text.bytes == row["rendered"]!.bytes && tokenizer.encode(text) == row["ids"]!.ids
    }
  }

  @Test("special ids")
  func specials() throws {
    let qwen = try Fixtures.tokenizer("qwen2.5")
    #expect(qwen.vocabularySize == 151_665)
    #expect(qwen.eosID == 151_645)
    #expect(qwen.padID == 151_643)
    #expect(qwen.bosID == nil)
    #expect(qwen.id(of: "<think>") == nil)
    let mistral = try Fixtures.tokenizer("mistral-v0.1")
    #expect(mistral.bosID == 1)
    #expect(mistral.eosID == 2)
    #expect(mistral.padID == nil)
    let qwen3 = try Fixtures.tokenizer("qwen3")
    let think = try #require(qwen3.id(of: "<think>"))
    #expect(!qwen3.isSpecial(think))
    #expect(qwen3.encode("<think>", matchSpecialTokens: false) == [think])
    #expect(qwen3.encode("<|im_end|>", matchSpecialTokens: false).count > 1)
  }
}
