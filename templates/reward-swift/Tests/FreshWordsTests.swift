import StepwisePlugin
import Testing

@testable import __MODULE__

@Suite struct FreshWordsTests {
  func score(_ completion: String, _ parameters: String = "{}") throws -> Score {
    let reward = try FreshWords(parameters: Parameters(json: parameters))
    return reward.score(
      RewardItem(example: Example(id: 0, prompt: .text("")), completion: completion)
    )
  }

  @Test func aShareOfWords() throws {
    #expect(try score("the cat saw the dog") == 0.8)
    #expect(try score("  the\tthe\r\nthe ") == .value(1.0 / 3))
    #expect(try score("the them") == 1)
  }

  @Test func tooFewWordsAreNotJudged() throws {
    #expect(try score("") == .abstained)
    #expect(try score(" \n") == .abstained)
    #expect(try score("too short", #"{"minimum_words": 3}"#) == .abstained)
  }
}
