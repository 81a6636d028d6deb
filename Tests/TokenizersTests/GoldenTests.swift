import Foundation
import Testing

@testable import Tokenizers

/// Real tokenizers against recorded values of `tokenizers` and transformers.
@Suite(.enabled(if: Fixtures.shared != nil, "needs the shared data"))
struct GoldenTests {
  static let names = ["gpt2", "qwen2.5", "qwen3", "minimind", "mistral-v0.1"]

  @Test("encoding and decoding", arguments: names)
  func encoding(name: String) throws {
    let tokenizer = try Fixtures.tokenizer(name)
    let rows = try Fixtures.sharedLines("\(name).jsonl")
    #expect(rows.count == 567)
    for row in rows {
      let text = row["text"]!.string
      let ids = row["ids"]!.ids
      #expect(tokenizer.encode(text) == ids, "\(text.debugDescription)")
      #expect(tokenizer.encode(text, addSpecialTokens: true) == (row["bos"]?.ids ?? []) + ids)
      let decoded = (row["decoded"] ?? row["text"]!).bytes
      #expect(tokenizer.decode(ids, skipSpecialTokens: false).bytes == decoded)
      #expect(tokenizer.streamed(ids, skipSpecialTokens: false).bytes == decoded)
      #expect(
        tokenizer.decode(ids).bytes == row["decoded_skip_special"]?.bytes ?? decoded,
        "\(text.debugDescription)"
      )
    }
  }

  @Test("parts of characters", arguments: names)
  func partialDecoding(name: String) throws {
    let tokenizer = try Fixtures.tokenizer(name)
    let rows = try Fixtures.sharedLines("\(name).partial_decode.jsonl")
    #expect(rows.count == 150)
    for row in rows {
      let ids = row["ids"]!.ids
      #expect(tokenizer.decode(ids, skipSpecialTokens: false).bytes == row["decoded"]!.bytes)
      #expect(tokenizer.streamed(ids, skipSpecialTokens: false).bytes == row["decoded"]!.bytes)
    }
  }

  @Test("pre-tokenization", arguments: ["gpt2", "qwen2.5"])
  func preTokenization(name: String) throws {
    let tokenizer = try Fixtures.tokenizer(name)
    let texts = try Fixtures.sharedLines("\(name).jsonl")
    let rows = try Fixtures.sharedLines("\(name).pretok.jsonl")
    #expect(rows.count == 498)
    for row in rows {
      let text = texts[row["i"]!.int]["text"]!.string
      #expect(
        tokenizer.core.words(of: text) == row["pieces"]!.array.map(\.bytes),
        "\(text.debugDescription)"
      )
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
    #expect(entries.count == 83)
    for (input, entry) in zip(inputs, entries) {
      #expect(input["id"]!.string == entry["id"]!.string)
      let ids = entry["input_ids"]!.ids
      #expect(tokenizer.encode(input["text"]!.string, addSpecialTokens: true) == ids)
      #expect(ids.map { tokenizer.token($0)!.bytes } == entry["tokens"]!.array.map(\.bytes))
      #expect(
        tokenizer.decode(ids, skipSpecialTokens: false).bytes
          == entry["decoded_with_special"]!.bytes
      )
      #expect(tokenizer.decode(ids).bytes == entry["decoded_skip_special"]!.bytes)
    }
  }

  @Test("chat templates", arguments: ["qwen2.5", "qwen3", "minimind", "mistral-v0.1"])
  func chat(name: String) throws {
    let tokenizer = try Fixtures.tokenizer(name)
    let template = try #require(try tokenizer.chatTemplate())
    let rows = try Fixtures.sharedLines("chat_\(name).jsonl")
    #expect(rows.count >= 47)
    for row in rows {
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
        #expect("TemplateError: " + (thrown?.message ?? "") == error.string)
        #expect(thrown?.kind == .raised)
      } else {
        let text = try render()
        #expect(text.bytes == row["rendered"]!.bytes, "\(row["case"]!.string)")
        #expect(tokenizer.encode(text) == row["ids"]!.ids, "\(row["case"]!.string)")
      }
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
