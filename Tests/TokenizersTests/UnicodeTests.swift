import Foundation
import Testing

@testable import Tokenizers

@Suite struct UnicodeTests {
  private func nfc(_ text: String) -> [UInt8] {
    text.bytes.withUnsafeBufferPointer { CanonicalForms.shared.composed($0) }
  }

  @Test("canonical composition")
  func composition() {
    #expect(nfc("e\u{301}") == "\u{e9}".bytes)
    #expect(nfc("\u{212b}\u{340}") == "\u{c5}\u{300}".bytes)
    #expect(nfc("a\u{307}\u{323}") == "\u{1ea1}\u{307}".bytes)
    #expect(nfc("\u{1100}\u{1161}\u{11a8}") == "\u{ac01}".bytes)
    #expect(nfc("\u{ac00}\u{11a8}\u{11a8}") == "\u{ac01}\u{11a8}".bytes)
    #expect(nfc("\u{1100}\u{1161}\u{11a7}") == "\u{ac00}\u{11a7}".bytes)
    #expect(nfc("\u{958}") == "\u{915}\u{93c}".bytes, "excluded from composition")
    #expect(nfc("\u{11935}\u{11930}") == "\u{11935}\u{11930}".bytes, "newer than the tables")
    #expect(nfc("a\u{334}\u{301}") == "\u{e1}\u{334}".bytes)
    #expect(nfc("a\u{301}\u{301}") == "\u{e1}\u{301}".bytes)
  }

  @Test("text that is its own NFC is recognised")
  func quickCheck() {
    func isComposed(_ text: String) -> Bool {
      text.bytes.withUnsafeBufferPointer { CanonicalForms.shared.isCertainlyComposed($0) }
    }
    #expect(isComposed("Hello é 世界 🙂 각"))
    #expect(!isComposed("e\u{301}"))
    #expect(!isComposed("\u{212b}"))
    #expect(!isComposed("\u{1100}\u{1161}"))
    // The quick answer must never be wrong: each scalar that NFC changes is suspected.
    for value in UInt32(0)..<0x110000 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let text = String(Character(scalar))
      if nfc(text) != text.bytes, isComposed(text) { Issue.record("U+\(String(value, radix: 16))") }
    }
  }

  @Test("lowercase, scalar by scalar")
  func lowercase() {
    var bytes: [UInt8] = []
    for scalar in "AÉΣßİǅ\u{10400}a".unicodeScalars {
      CharacterClasses.shared.appendLowercase(of: scalar.value, to: &bytes)
    }
    #expect(bytes == "aéσßi\u{307}ǆ\u{10428}a".bytes)
  }

  @Test("bytes that may still become a character")
  func incompleteBytes() {
    #expect(incompleteSuffixLength([0xE4, 0xB8]) == 2)
    #expect(incompleteSuffixLength([0xF0, 0x9F, 0x99]) == 3)
    #expect(incompleteSuffixLength([0xF0, 0x9F, 0x99, 0x82]) == 0)
    #expect(incompleteSuffixLength([0x41, 0xC3]) == 1)
    #expect(incompleteSuffixLength([0xC0]) == 0)
    #expect(incompleteSuffixLength([0xE0, 0x80]) == 0)
    #expect(incompleteSuffixLength([0xED, 0xA0]) == 0)
    #expect(incompleteSuffixLength([0xF4, 0x90]) == 0)
    #expect(incompleteSuffixLength([0xF5]) == 0)
    #expect(incompleteSuffixLength([0x82, 0x82, 0x82]) == 0)
    #expect(incompleteSuffixLength([UInt8]()) == 0)
  }

  @Test(
    "classes are those of the library",
    .enabled(if: Fixtures.shared != nil, "needs the shared data")
  )
  func classes() throws {
    let name = "unicode_classes_tokenizers_0.23.3.json"
    let data = try Data(contentsOf: URL(filePath: "\(Fixtures.shared!)/data/golden/\(name)"))
    let golden = try JSONValue(json: data, file: name)
    for (key, bit) in [
      ("\\p{L}", CharacterClasses.letter), ("\\p{N}", CharacterClasses.number),
      ("\\s", CharacterClasses.blank), ("\\p{M}", CharacterClasses.mark),
    ] {
      var expected = [Bool](repeating: false, count: 0x110000)
      for range in try #require(golden[key]).array {
        for value in range.array[0].int...range.array[1].int { expected[value] = true }
      }
      #expect(CharacterClasses.shared.bits.map { $0 & bit != 0 } == expected, "\(key)")
    }
  }
}
