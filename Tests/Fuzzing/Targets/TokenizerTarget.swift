import Tokenizers

/// `tokenizer.json`: read, then texts encoded, and ids decoded at once and in a stream.
struct TokenizerTarget: FuzzTarget {
  private let files: [[UInt8]]

  init() throws {
    let rows = try Seeds.json("Tests/TokenizersTests/Fixtures/tokenizers.json").elements
    let pipelines = try Seeds.json("Tests/TokenizersTests/Fixtures/pipelines.json").elements
    // The small ones first: most executions should be quick.
    files = (pipelines.dropFirst() + rows).compactMap { $0["tokenizer"] }
      .map { JSONMutation.text($0) }
  }

  var seedCount: Int { files.count }
  func seeds() -> [[UInt8]] { files }

  func mutate(_ input: [UInt8], with other: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
    JSONMutation.mutate(input, with: other, &random)
  }

  private static let texts = [
    "", " ", "Hello world, it's 12345!\n\n  x", "naïve e\u{301} 世界 🙂 \u{0} \u{10FFFF}",
    "<s>a</s> <|end|> <0x41>", "knightknightknavesknightbreakfast", "▁▁ Ġ Ċ ##ing </w>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  ]

  func run(_ input: [UInt8], file: String) throws -> String {
    let tokenizer = try Tokenizer(json: input, file: "f")
    var kinds = ""
    for text in Self.texts {
      let ids = tokenizer.encode(text, addSpecialTokens: true)
      let plain = tokenizer.encode(text, matchSpecialTokens: false)
      // What an embedding would be asked for.
      for id in ids + plain where id < 0 || Int(id) >= tokenizer.vocabularySize {
        preconditionFailure("id \(id) beyond \(tokenizer.vocabularySize)")
      }
      let decoded = tokenizer.decode(ids, skipSpecialTokens: false)
      var stream = tokenizer.streamingDecoder(skipSpecialTokens: false)
      var streamed = ""
      for id in ids { streamed += stream.append(id) }
      streamed += stream.flush()
      precondition(streamed.utf8.elementsEqual(decoded.utf8), "stream and decode differ")
      kinds += decoded.utf8.elementsEqual(text.utf8) ? "=" : "~"
    }
    let all = (-1...300).map(Int32.init)
    _ = tokenizer.decode(all)
    _ = tokenizer.token(Int32.max)
    return kinds
  }
}
