import Foundation
import Testing

@testable import Training

/// Every figure of an evaluation against values computed by hand.
@Suite struct PromptMetricTests {
  /// Five completions: a is right, b is wrong, one gives no answer.
  static let prompt = EvaluatedPrompt(
    set: "prompts",
    mode: "sampled",
    row: 0,
    id: 7,
    completions: [
      EvaluatedCompletion(
        text: "3 apples, then 4",
        tokens: 4,
        scores: [1, nil],
        reward: 1,
        solved: true,
        answer: "a"
      ),
      EvaluatedCompletion(
        text: "b",
        tokens: 2,
        scores: [0, nil],
        reward: 0,
        solved: false,
        answer: "b"
      ),
      EvaluatedCompletion(
        text: "3  Apples,\nthen 4",
        tokens: 6,
        scores: [1, 0.5],
        reward: 1.5,
        solved: true,
        answer: "a"
      ),
      EvaluatedCompletion(
        text: "4 pears, but 3",
        tokens: 3,
        scores: [1, nil],
        reward: 1,
        solved: true,
        answer: "a"
      ),
      EvaluatedCompletion(
        text: "hm",
        tokens: 9,
        truncated: true,
        scores: [nil, nil],
        reward: nil,
        solved: false
      ),
    ]
  )

  static func metrics(_ counts: [Int]) -> [PromptMetric] {
    PromptMetric.all(k: 5, counts: counts, rewards: ["exact", "style"], votes: true)
  }

  static let expected: [(String, Double)] = [
    // 1 - C(2, k) / C(5, k).
    ("pass@1", 0.6), ("pass@2", 0.9), ("pass@3", 1), ("pass@5", 1),
    // Blocks (a, b) and (a, a): the tie goes to the first, a. The fifth does not vote.
    ("maj@2", 1),
    // One block, a b a.
    ("maj@3", 1),
    // a four times against b and no answer.
    ("maj@5", 1),
    ("reward", 0.875), ("rewards/exact/mean", 0.75), ("rewards/style/mean", 0.5),
    ("completions/mean_length", 4.8), ("completions/clipped_ratio", 0.2),
    // Of three correct ones the first and the second differ in case and space alone.
    ("distinct_paths", 2), ("path_diversity", 0.5),
    // 3 4, 3 4 and 4 3.
    ("distinct_number_paths", 2),
    ("distinct_answers", 2),
    // Answers a a a b.
    ("answer_entropy", 0.562_335_144_618_808_3),
    // Words: 4 + 1 + 4 + 4 + 1; different: 3 apples, then 4 b pears, but hm.
    ("distinct-1", 8.0 / 14),
    // Pairs: 3 + 3 + 3; the first two texts have the same ones.
    ("distinct-2", 6.0 / 9), ("distinct-3", 4.0 / 6), ("distinct-4", 2.0 / 3),
  ]

  @Test(arguments: expected)
  func value(name: String, expected: Double) throws {
    let metric = try #require(Self.metrics([1, 2, 3, 5]).first { $0.name == name })
    let value = try #require(metric.score(Self.prompt))
    #expect(abs(value - expected) < 1e-12, "\(name): \(value)")
  }

  @Test func majorityByEnumeration() {
    // Every word of four votes over {a right, b wrong, none}, against a plain count.
    let votes: [String?] = ["a", "b", nil]
    for code in 0..<81 {
      let answers = (0..<4).map { votes[code / Int(pow(3, Double($0))) % 3] }
      let prompt = EvaluatedPrompt(
        set: "s",
        mode: "m",
        row: 0,
        id: 0,
        completions: answers.map {
          EvaluatedCompletion(text: "", solved: $0 == "a", answer: $0)
        }
      )
      let right = answers.count { $0 == "a" }
      let wrong = answers.count { $0 == "b" }
      let isFirst = answers.first { $0 != nil } == "a"
      let expected = right > wrong || right == wrong && isFirst ? 1.0 : 0
      #expect(PromptMetric.majority(4).score(prompt) == expected, "\(answers)")
    }
  }

  @Test func whatAPromptCannotSay() throws {
    let wrong = EvaluatedPrompt(
      set: "s",
      mode: "m",
      row: 0,
      id: 0,
      completions: [
        EvaluatedCompletion(text: "x", solved: false), EvaluatedCompletion(text: "", solved: false),
      ]
    )
    #expect(PromptMetric.pathDiversity.score(wrong) == nil)
    #expect(PromptMetric.distinctPaths.score(wrong) == 0)
    #expect(PromptMetric.answerEntropy.score(wrong) == nil)
    #expect(PromptMetric.reward.score(wrong) == nil)
    #expect(PromptMetric.distinct(2).score(wrong) == nil)
    #expect(PromptMetric.pass(3).score(wrong) == nil)
    var wordy = wrong
    wordy.completions = [EvaluatedCompletion(text: "no number", solved: true)]
    #expect(PromptMetric.distinctNumberPaths.score(wordy) == nil)
  }

  @Test func usualCounts() {
    #expect(PromptMetric.usualCounts(upTo: 1) == [1])
    #expect(PromptMetric.usualCounts(upTo: 2) == [1, 2])
    #expect(PromptMetric.usualCounts(upTo: 8) == [1, 2, 4, 8])
    #expect(PromptMetric.usualCounts(upTo: 10) == [1, 2, 4, 8, 10])
  }

  @Test func oneCompletionHasNoDiversity() {
    let names = PromptMetric.all(k: 1, counts: [1], rewards: ["r"], votes: true).map(\.name)
    #expect(
      names == [
        "pass@1", "reward", "rewards/r/mean", "completions/mean_length",
        "completions/clipped_ratio",
      ]
    )
  }
}
