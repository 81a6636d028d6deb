import Foundation
import Testing

@testable import Tokenizers

@Suite struct WordLevelTests {
  @Test("ids are specials, then words in their order")
  func wordLevel() throws {
    let tokenizer = try Tokenizer.wordLevel(vocabulary: ["Emma", "says", "é", "e\u{301}"])
    #expect(tokenizer.vocabularySize == 7)
    #expect(tokenizer.padID == 0)
    #expect(tokenizer.eosID == 1)
    #expect(tokenizer.unkID == 2)
    #expect(tokenizer.bosID == nil)
    #expect(tokenizer.specialTokens.map(\.content) == ["<pad>", "<eos>", "<unk>"])
    // The two spellings of é are different words.
    let text = "Emma  says\nwhat é e\u{301}<eos>"
    #expect(tokenizer.encode(text) == [3, 4, 2, 5, 6, 1])
    #expect(tokenizer.decode([3, 4, 2, 5, 6, 1]).bytes == "Emma says é e\u{301}".bytes)
    #expect(tokenizer.decode([3, 1], skipSpecialTokens: false) == "Emma <eos>")
    #expect(tokenizer.encode("") == [])
    #expect(tokenizer.decode([Int32]()) == "")
    #expect(tokenizer.streamed([3, 4], skipSpecialTokens: true) == "Emma says")
  }

  @Test("words that could never match are refused")
  func refusals() {
    func problem(_ words: [String]) -> String? {
      do throws(TokenizerError) {
        _ = try Tokenizer.wordLevel(vocabulary: words)
        return nil
      } catch { return error.description }
    }
    #expect(problem(["a", "b", "a"])?.contains("token 5: the token appears twice") == true)
    #expect(problem(["<eos>"])?.contains("appears twice (found \"<eos>\")") == true)
    #expect(problem(["a b"])?.contains("has a blank") == true)
    #expect(problem(["a\u{2028}b"])?.contains("has a blank") == true)
    #expect(problem([""])?.contains("is empty") == true)
    #expect(problem(["é", "e\u{301}"]) == nil)
  }

  @Test("training: order, thresholds, special tokens in the text")
  func training() throws {
    let texts = ["b a <eos> c", "a c<eos>a d", "<pad>c e"]
    func words(_ tokenizer: Tokenizer) -> [String] {
      (3..<Int32(tokenizer.vocabularySize)).map { tokenizer.token($0)! }
    }
    #expect(words(try .trainWordLevel(texts: texts)) == ["b", "a", "c", "d", "e"])
    #expect(
      words(try .trainWordLevel(texts: texts, order: .frequency)) == ["a", "c", "b", "d", "e"]
    )
    #expect(words(try .trainWordLevel(texts: texts, minimumFrequency: 2)) == ["a", "c"])
    #expect(
      words(try .trainWordLevel(texts: texts, maximumSize: 6)) == ["b", "a", "c"],
      "the most frequent stay, in the order of their appearance"
    )
    #expect(words(try .trainWordLevel(texts: [])) == [])
    let once = try Tokenizer.trainWordLevel(texts: texts).core.source
    #expect(try Tokenizer.trainWordLevel(texts: texts).core.source == once)
  }

  @Test("a saved tokenizer is complete and replaces what was there")
  func saving() throws {
    let tokenizer = try Tokenizer.trainWordLevel(texts: ["Emma says \"no\" \\ \u{1}"])
    try Fixtures.withDirectory { directory in
      let target = directory + "/model/inner"
      try tokenizer.save(to: target)
      try tokenizer.save(to: target)
      let names = try FileManager.default.contentsOfDirectory(atPath: target).sorted()
      #expect(names == ["tokenizer.json", "tokenizer_config.json"])
      for path in [target, target + "/tokenizer.json"] {
        let again = try Tokenizer(contentsOf: path)
        #expect(again.encode("says Emma <eos> nobody") == [4, 3, 1, 2])
        #expect(again.eosID == 1)
        #expect(again.padID == 0)
      }
      // A template in its own file is read and kept.
      try Data("{{ eos_token }}".utf8).write(to: URL(filePath: target + "/chat_template.jinja"))
      let templated = try Tokenizer(contentsOf: URL(filePath: target))
      try templated.save(to: directory + "/copy")
      let copy = try Tokenizer(contentsOf: directory + "/copy")
      #expect(try copy.chatTemplate()?.render(messages: []) == "<eos>")
    }
  }

  @Test("another template goes before the tokenizer's own and is saved with it")
  func otherTemplate() throws {
    let tokenizer = try Tokenizer.wordLevel(vocabulary: ["a"])
      .withChatTemplate(Array("{{ eos_token }}{{ unk_token }}".utf8), file: "t.jinja")
    try Fixtures.withDirectory { directory in
      try tokenizer.save(to: directory)
      let again = try Tokenizer(contentsOf: directory)
      #expect(try again.chatTemplate()?.render(messages: []) == "<eos><unk>")
      #expect(again.encode("a") == tokenizer.encode("a"))
    }
  }

  @Test("a template that is not UTF-8 is named with its line")
  func brokenTemplate() throws {
    let tokenizer = try Tokenizer.wordLevel(vocabulary: ["a"])
    try Fixtures.withDirectory { directory in
      try tokenizer.save(to: directory)
      try Data([0x61, 0x0A, 0xFF]).write(to: URL(filePath: directory + "/chat_template.jinja"))
      let error = #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: directory) }
      #expect(
        error?.description.hasSuffix(
          "/chat_template.jinja: line 2: the template is not valid UTF-8. Save the template as UTF-8"
        ) == true
      )
    }
  }

  @Test("a directory that cannot be written is named")
  func unwritable() throws {
    let tokenizer = try Tokenizer.wordLevel(vocabulary: ["a"])
    try Fixtures.withDirectory { directory in
      try Data().write(to: URL(filePath: directory + "/file"))
      let error = #expect(throws: TokenizerError.self) {
        try tokenizer.save(to: directory + "/file/inner")
      }
      #expect(error?.file == directory + "/file/inner")
    }
  }
}
