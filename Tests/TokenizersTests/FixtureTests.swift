import Testing

@testable import Tokenizers

/// The small tokenizers of Fixtures/tokenizers.json against the `tokenizers` library.
@Suite struct FixtureTests {
  static let tokenizers = try! Fixtures.json("tokenizers.json")
  static let names = tokenizers.map { $0["name"]!.string }

  private func fixture(_ name: String) throws -> (Tokenizer, JSONValue) {
    let row = try #require(Self.tokenizers.first { $0["name"]!.string == name })
    return (try Tokenizer(json: row["tokenizer"]!.file, file: name), row)
  }

  @Test("all kinds of tokenizer are there")
  func kinds() {
    #expect(
      Self.names == [
        "qwen", "gpt2", "llama3", "marks", "sparse", "mistral", "llama2", "metaspace", "unknown",
        "prefix", "words", "suffix", "unigram", "unigram bytes", "bert",
      ]
    )
  }

  @Test("encoding", arguments: names)
  func encoding(name: String) throws {
    let (tokenizer, row) = try fixture(name)
    let cases = row["cases"]!.array
    #expect(cases.count > 100)
    for item in cases {
      let text = item["text"]!.string
      let ids = item["ids"]!.ids
      #expect(tokenizer.encode(text) == ids, "\(text.debugDescription)")
      let special = item["with_special"]! == .null ? ids : item["with_special"]!.ids
      #expect(tokenizer.encode(text, addSpecialTokens: true) == special)
      let plain = item["plain"]! == .null ? ids : item["plain"]!.ids
      #expect(
        tokenizer.encode(text, matchSpecialTokens: false) == plain,
        "\(text.debugDescription)"
      )
    }
  }

  @Test("decoding at once and in a stream", arguments: names)
  func decoding(name: String) throws {
    let (tokenizer, row) = try fixture(name)
    for item in row["cases"]!.array {
      let ids = item["ids"]!.ids
      #expect(tokenizer.decode(ids, skipSpecialTokens: false).bytes == item["decoded"]!.bytes)
      #expect(tokenizer.decode(ids).bytes == item["decoded_skip"]!.bytes)
      #expect(
        tokenizer.streamed(ids, skipSpecialTokens: false).bytes == item["decoded"]!.bytes
      )
      #expect(
        tokenizer.streamed(ids, skipSpecialTokens: true).bytes == item["decoded_skip"]!.bytes
      )
    }
    for item in row["decode"]!.array {
      let ids = item["ids"]!.ids
      #expect(tokenizer.decode(ids, skipSpecialTokens: false).bytes == item["decoded"]!.bytes)
      #expect(
        tokenizer.streamed(ids, skipSpecialTokens: false).bytes == item["decoded"]!.bytes
      )
    }
  }

  @Test("tokens, ids and sizes", arguments: names)
  func vocabulary(name: String) throws {
    let (tokenizer, row) = try fixture(name)
    #expect(tokenizer.vocabularySize == row["size"]!.int)
    switch row["tokenizer"]!["model"]!["vocab"]! {
    case .array(let pairs):
      // A unigram model's: the place is the id, and of two equal tokens the later one counts.
      for (id, pair) in pairs.enumerated() {
        let token = pair.array[0].string
        let last = pairs.lastIndex { $0.array[0].string.bytes == token.bytes }!
        #expect(tokenizer.id(of: token) == Int32(last))
        #expect(tokenizer.token(Int32(id))?.bytes == token.bytes)
      }
    case let vocabulary:
      for (token, id) in vocabulary.object.members {
        #expect(tokenizer.id(of: token) == Int32(id.int))
        #expect(tokenizer.token(Int32(id.int))?.bytes == token.bytes)
      }
    }
    for token in row["tokenizer"]!["added_tokens"]!.array {
      let id = Int32(token["id"]!.int)
      #expect(tokenizer.id(of: token["content"]!.string) == id)
      #expect(tokenizer.isSpecial(id) == token["special"]!.bool)
    }
    #expect(tokenizer.id(of: "no such token") == nil)
    #expect(tokenizer.token(-1) == nil)
    #expect(tokenizer.token(Int32(tokenizer.vocabularySize)) == nil)
    #expect(tokenizer.decode([-1, Int32.max]) == "")
  }

  @Test("a saved tokenizer is the same", arguments: names)
  func saving(name: String) throws {
    let (tokenizer, row) = try fixture(name)
    try Fixtures.withDirectory { directory in
      try tokenizer.save(to: directory)
      let again = try Tokenizer(contentsOf: directory)
      for item in row["cases"]!.array.prefix(40) {
        #expect(again.encode(item["text"]!.string) == item["ids"]!.ids)
      }
    }
  }

  @Test("many threads share one tokenizer")
  func threads() async throws {
    let (tokenizer, row) = try fixture("qwen")
    let cases = row["cases"]!.array.map { ($0["text"]!.string, $0["ids"]!.ids) }
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<5 {
            for (text, ids) in cases where tokenizer.encode(text) != ids { return false }
          }
          return true
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test("long words merge as short ones do")
  func longWords() throws {
    // The heap and the scan must agree: a word beyond the scan's limit, cut where no merge crosses.
    let (tokenizer, _) = try fixture("qwen")
    let word = "knight"
    let one = tokenizer.encode(word)
    let long = tokenizer.encode(String(repeating: word, count: 200))
    #expect(tokenizer.decode(long).bytes == String(repeating: word, count: 200).bytes)
    #expect(Array(long.prefix(one.count)) == one)
  }

  @Test("fallback bytes are those of a character with its prefix or suffix")
  func markedFallback() throws {
    // Ids from the library: a, ##, 世 (three bytes), ##b; and a, 世, b</w>.
    var vocabulary: [JSONObject.Member] = [("<unk>", 0), ("a", 1), ("##b", 2)]
    for byte in 0..<256 {
      let digits = String(byte, radix: 16, uppercase: true)
      vocabulary.append(("<0x\(byte < 16 ? "0" : "")\(digits)>", .int(3 + byte)))
    }
    func encoded(_ key: String, _ mark: String) throws -> [Int32] {
      let file: JSONValue = [
        "added_tokens": [],
        "model": [
          "type": "BPE", "vocab": .object(JSONObject(vocabulary)), "merges": [],
          "unk_token": "<unk>", "byte_fallback": true, "fuse_unk": true, key: .string(mark),
        ],
      ]
      return try Tokenizer(json: file.file).encode("a世b")
    }
    func bytes(_ text: String) -> [Int32] { text.utf8.map { 3 + Int32($0) } }
    #expect(try encoded("continuing_subword_prefix", "##") == [1] + bytes("##世") + [2])
    #expect(try encoded("end_of_word_suffix", "</w>") == [1] + bytes("世b</w>"))
  }

  @Test("pre-tokenizers and normalizers", arguments: 0..<55)
  func pipelines(index: Int) throws {
    let rows = try Fixtures.json("pipelines.json")
    #expect(rows.count == 56)
    let texts = rows[0].array
    let row = rows[index + 1]
    let tokenizer = try Tokenizer(json: row["tokenizer"]!.file)
    let name = row["tokenizer"]!["pre_tokenizer"]!.serialized()
    for (text, words) in zip(texts, row["words"]!.array) {
      #expect(
        tokenizer.core.words(of: text.string) == words.array.map(\.bytes),
        "\(text.string.debugDescription) \(name)"
      )
    }
  }
}
