import Components
import Testing
import Tokenizers

@testable import Training

@Suite("Where reasoning steps begin, in tokens")
struct StepBoundaryTests {
  private func boundaries(_ text: String, _ offsets: [Int]) throws -> [Int] {
    let rows = RowTokenizer(
      tokenizer: try .wordLevel(vocabulary: TinyRun.words),
      chat: nil,
      eosID: 1
    )
    let example = Example(
      id: 1,
      prompt: .text("a"),
      completion: .text(text),
      stepBoundaries: offsets
    )
    let ids = rows.tokenizer.encode(text, addSpecialTokens: false)
    return rows.boundaries(example, in: ids)
  }

  @Test("a step begins at the token that holds its first byte")
  func inside() throws {
    #expect(try boundaries("a b c", [0, 2, 4]) == [0, 1, 2])
  }

  @Test("a token that is the completion's last one too ends nothing before it")
  func repeated() throws {
    #expect(try boundaries("a b a", [1]) == [1])
    #expect(try boundaries("a b a", [5]) == [2])
  }
}
