import Testing

@testable import Training

@Suite struct EvaluationScoresTests {
  /// A prompt with one outcome for each completion.
  static func prompt(
    _ row: Int,
    _ outcomes: [Bool],
    _ columns: [String: String] = [:],
    set: String = "prompts"
  ) -> EvaluatedPrompt {
    EvaluatedPrompt(
      set: set,
      mode: "m",
      row: row,
      id: UInt64(row),
      columns: columns.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) },
      completions: outcomes.map { EvaluatedCompletion(text: "", reward: $0 ? 1 : -1, solved: $0) }
    )
  }

  static let metrics = [PromptMetric.passAt1, .reward]

  @Test func singleCompletionsHaveWilsonsInterval() throws {
    let prompts = (0..<10).map { Self.prompt($0, [$0 < 3]) }
    let scores = EvaluationScores(prompts, metrics: Self.metrics)
    let accuracy = try #require(scores["pass@1"]).estimate
    // Wilson 1927 with 3 of 10: R, prop.test(3, 10, correct = FALSE).
    #expect(accuracy.value == 0.3)
    #expect(abs(accuracy.low - 0.107_791_3) < 1e-6 && abs(accuracy.high - 0.603_221_9) < 1e-6)
    #expect(abs(try #require(scores["reward"]).estimate.value + 0.4) < 1e-12)
  }

  /// Completions of one prompt are no trials of their own: ten prompts that are each solved always or never tell as much as ten
  /// single completions, whatever the number of completions.
  @Test func thePromptIsTheUnit() throws {
    let single = EvaluationScores(
      (0..<10).map { Self.prompt($0, [$0 < 3]) },
      metrics: Self.metrics
    )
    let eight = EvaluationScores(
      (0..<10).map { Self.prompt($0, Array(repeating: $0 < 3, count: 8)) },
      metrics: Self.metrics
    )
    #expect(single["pass@1"]?.estimate == eight["pass@1"]?.estimate)
  }

  @Test func categoriesInTheirOrder() {
    let prompts = [
      Self.prompt(0, [true], ["level": "10", "subject": "b"]),
      Self.prompt(1, [false], ["level": "9", "subject": "a"]),
      Self.prompt(2, [true], ["level": "9"]),
    ]
    let scores = EvaluationScores(prompts, metrics: Self.metrics, columns: ["level", "subject"])
    #expect(scores.categories.map(\.value) == ["9", "10", "a", "b", nil])
    #expect(scores.categories.map(\.count) == [2, 1, 1, 1, 1])
    #expect(scores.categories.map { $0.scores[0].estimate.value } == [0.5, 1, 0, 1, 1])
    // Without a wish: by difficulty, where that tells rows apart.
    #expect(EvaluationScores(prompts, metrics: Self.metrics).categories.isEmpty)
    let graded = (0..<4).map { Self.prompt($0, [true], ["difficulty": "\($0 % 2)"]) }
    #expect(EvaluationScores(graded, metrics: Self.metrics).categories.map(\.value) == ["0", "1"])
  }

  @Test func pairsAreFoundByTheirKey() throws {
    // Rows 0...3 and 1...4, in another order: three pairs.
    let first = [true, true, false, true].enumerated().map {
      Self.prompt($0, [$1], ["n": "\($0 % 2)"])
    }
    let second = [(4, true), (3, false), (2, true), (1, false)].map { Self.prompt($0.0, [$0.1]) }
    let paired = try #require(
      try PairedScores(
        first: first,
        second: second,
        by: { String($0.id) },
        metrics: Self.metrics,
        columns: ["n"]
      )
    )
    #expect(paired.count == 3 && paired.unpairedFirst == 1 && paired.unpairedSecond == 1)
    let accuracy = try #require(paired.scores.first)
    #expect(accuracy.first == 2.0 / 3 && accuracy.second == 1.0 / 3)
    #expect(accuracy.table == PairedComparison(both: 0, gained: 1, lost: 2, neither: 0))
    #expect(accuracy.method == "newcombe")
    // Two of the pairs were solved on the first side, none of them on the second.
    #expect(paired.stillSolved == EvaluationStatistics.share(of: 0, in: 2))
    #expect(paired.categories.map(\.value) == ["0", "1"])
    #expect(paired.categories.map(\.count) == [1, 2])
    // Rewards are no shares: their interval is the bootstrap's.
    #expect(paired.scores[1].difference == EvaluationStatistics.pairedBootstrap([-2, 2, -2]))
  }

  @Test func severalCompletionsAreBootstrapped() throws {
    let first = (0..<4).map { Self.prompt($0, [true, $0 < 2]) }
    let second = (0..<4).map { Self.prompt($0, [false, $0 < 1]) }
    let paired = try #require(
      try PairedScores(first: first, second: second, by: { String($0.id) }, metrics: [.passAt1])
    )
    let score = try #require(paired.scores.first)
    #expect(score.table == nil && score.method == "bootstrap" && paired.stillSolved == nil)
    #expect(score.difference == EvaluationStatistics.pairedBootstrap([-0.5, -1, -0.5, -0.5]))
  }

  @Test func whatCannotBePaired() throws {
    let prompts = [
      Self.prompt(0, [true], ["puzzle": "x"]), Self.prompt(1, [true], ["puzzle": "x"]),
    ]
    let other = [Self.prompt(9, [true])]
    #expect(
      try PairedScores(first: prompts, second: other, by: { String($0.id) }, metrics: [.passAt1])
        == nil
    )
    let error = #expect(throws: TrainingError.self) {
      try PairedScores(
        first: prompts,
        second: other,
        by: { $0.key(by: "puzzle") },
        metrics: [.passAt1]
      )
    }
    #expect("\(try #require(error))".contains("pairs two rows, 0 and 1"))
  }
}
