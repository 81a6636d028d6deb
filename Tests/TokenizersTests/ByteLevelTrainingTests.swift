import Testing

@testable import Tokenizers

@Suite("Byte-level BPE made from texts")
struct ByteLevelTrainingTests {
  private let texts = [
    "She makes 9 * 2 = 18 every day.", "She sells 18 eggs every day at the market.",
    "Grüße aus Köln, 日本 🎈", "makes make making made",
  ]

  @Test("any text comes back, whether it was learned from or not")
  func roundTrip() throws {
    let tokenizer = try Tokenizer.trainByteLevel(texts: texts, vocabularySize: 320)
    for text in texts + ["", " ", "\n\n  x\t", "never seen: Ωμέγα\u{0}\r\n", "12345"] {
      #expect(tokenizer.decode(tokenizer.encode(text)) == text)
    }
  }

  @Test("texts that were learned from become shorter; each digit stays by itself")
  func merges() throws {
    let tokenizer = try Tokenizer.trainByteLevel(texts: texts, vocabularySize: 320)
    #expect(tokenizer.vocabularySize <= 320)
    #expect(tokenizer.encode(texts[0]).count < texts[0].utf8.count * 2 / 3)
    #expect(tokenizer.encode("12345").count == 5)
    #expect(tokenizer.id(of: "<pad>") == 0 && tokenizer.eosID == 1)
  }

  @Test("the same texts give the same tokens, also where pairs are equally frequent")
  func determinism() throws {
    let first = try Tokenizer.trainByteLevel(texts: texts, vocabularySize: 400)
    for _ in 0..<3 {
      let again = try Tokenizer.trainByteLevel(texts: texts, vocabularySize: 400)
      #expect(again.vocabularySize == first.vocabularySize)
      #expect((0..<Int32(first.vocabularySize)).allSatisfy { again.token($0) == first.token($0) })
      #expect(again.encode("Selling makes markets") == first.encode("Selling makes markets"))
    }
  }

  @Test("without texts there are the bytes")
  func empty() throws {
    let tokenizer = try Tokenizer.trainByteLevel(texts: [], vocabularySize: 1_000)
    #expect(tokenizer.vocabularySize == 258)
    #expect(tokenizer.encode("ab").count == 2)
  }
}
