import Components
import LanguageModels
import RunStore
import Tensors
import Testing
import Tokenizers

@testable import Training

/// What `Evaluation` draws and keeps.
@Suite struct EvaluationTests {
  private func make(
    _ reward: FakeReward = FakeReward { .score($0.completionIDs.count > 2 ? 1 : 0.1) },
    _ change: (inout TrainingConfiguration) -> Void = { _ in },
    onWarning: @escaping (String) -> Void = { _ in }
  ) throws -> Evaluation {
    var configuration = TrainingConfiguration()
    configuration.grpo.maxCompletionLength = 5
    change(&configuration)
    return try Evaluation(
      configuration: configuration,
      generator: Generator(model: TinyRun.model(try CPUBackend(threads: 1))),
      tokenizer: .wordLevel(vocabulary: TinyRun.words),
      chat: nil,
      endOfSequence: [1],
      rewards: [WeightedReward(reward)],
      onWarning: onWarning
    )
  }

  private let dataset = ArrayDataset(
    (0..<10).map {
      Example(
        id: UInt64($0 + 100),
        prompt: .text("a b c"),
        difficulty: 2.5,
        columns: [
          Column("level", .int(3)), Column("real", .real(4)),
          Column("long", .text(String(repeating: "x", count: 100))), Column("list", .list([])),
          Column("subject", .text("algebra")), Column("none", .null),
        ]
      )
    }
  )

  @Test func anyPiecesGiveTheSamePrompts() throws {
    let evaluation = try make()
    let mode = Evaluation.Mode.sampled(3, temperature: 1)
    let whole = try evaluation.judge(dataset, 0..<10, set: "prompts", mode: mode)
    let pieces = try [0..<4, 4..<5, 5..<10].flatMap {
      try evaluation.judge(dataset, $0, set: "prompts", mode: mode)
    }
    #expect(whole == pieces)
    #expect(whole.map(\.row) == Array(0..<10) && whole.map(\.id) == Array(100..<110))
    #expect(whole.allSatisfy { $0.completions.count == 3 })
    // Equal prompts, other draws.
    #expect(Set(whole.map { $0.completions.map(\.text) }).count > 1)
    // Greedy draws nothing.
    let greedy = try evaluation.judge(dataset, 0..<10, set: "prompts", mode: .greedy)
    #expect(Set(greedy.map { $0.completions.map(\.text) }).count == 1)
  }

  @Test func piecesAreWholePrompts() throws {
    let evaluation = try make { $0.evaluation.perDeviceEvalBatchSize = 10 }
    #expect(evaluation.promptsAtOnce(.greedy) == 10)
    #expect(evaluation.promptsAtOnce(.sampled(4, temperature: 1)) == 2)
    #expect(evaluation.promptsAtOnce(.sampled(16, temperature: 1)) == 1)
  }

  @Test func shortColumnsAreKept() throws {
    let prompt = try make().judge(dataset, 0..<1, set: "s", mode: .greedy)[0]
    #expect(
      prompt.columns == [
        .init("level", "3"), .init("real", "4"), .init("subject", "algebra"),
        .init("difficulty", "2.5"),
      ]
    )
    let kept = try make().judge(dataset, 0..<1, set: "s", mode: .greedy, keeping: ["long"])[0]
    #expect(kept.column("long")?.count == 100)
    #expect(throws: TrainingError.self) {
      try make().judge(dataset, 0..<1, set: "s", mode: .greedy, keeping: ["list"])
    }
  }

  @Test func aLineReadsBackToEqualBits() throws {
    let prompts = try make().judge(
      dataset,
      0..<10,
      set: "prompts",
      mode: .sampled(2, temperature: 1.3)
    )
    for prompt in prompts {
      let line = prompt.record(rewards: ["fake"]).json
      let record = try Record(json: Array(line.utf8))
      #expect(EvaluatedPrompt(record, rewards: ["fake"]) == prompt)
      #expect(EvaluatedPrompt(record, rewards: ["other"]) == nil)
      for field in record.fields {
        var damaged = record
        damaged[field.name] = nil
        #expect(EvaluatedPrompt(damaged, rewards: ["fake"]) == nil, "without \(field.name)")
      }
    }
  }

  @Test func digestsAreThoseOfTheQuestion() throws {
    func digest(_ example: Example) throws -> String {
      try make().judge(ArrayDataset([example]), 0..<1, set: "s", mode: .greedy)[0].digest
    }
    let row = dataset.rows[0]
    var other = row
    other.completion = .text("a demonstration")
    other.id = 3
    #expect(try digest(row) == digest(other))
    other.columns[0].value = .int(4)
    #expect(try digest(row) != digest(other))
    other = row
    other.prompt = .text("a b")
    #expect(try digest(row) != digest(other))
  }

  @Test func aRunLeavesAbstentionsOutOfTheMeanReward() throws {
    var run = TinyRun(FakeStrategy { _ in StepPlan(.sft) })
    run.evaluation = ArrayDataset(TinyRun.examples(8))
    run.reward = FakeReward { item in item.example.id % 2 == 0 ? .abstained : .score(3) }
    run.configuration.maxSteps = 1
    defer { run.remove() }
    do { _ = try run.trainer().0.train() }
    let records = try RunDirectory.open(at: run.directory).records(in: .evaluations)
    #expect(records.last?["eval_reward"]?.number == 3)
  }

  @Test func aPromptKnowsItsRow() throws {
    let prompt = try make().judge(dataset, 0..<1, set: "s", mode: .greedy)[0]
    #expect(prompt.isMade(of: dataset.rows[0]))
    var other = dataset.rows[0]
    other.prompt = .text("a b")
    #expect(!prompt.isMade(of: other))
  }

  @Test func badInput() throws {
    let empty = ArrayDataset([Example(id: 5, prompt: .text(""))])
    let error = #expect(throws: TrainingError.self) {
      try make().judge(empty, 0..<1, set: "s", mode: .greedy)
    }
    #expect("\(try #require(error))".contains("row 5 has an empty prompt"))
    // A tokenizer with more tokens than the embedding has rows.
    #expect(throws: TrainingError.self) {
      try Evaluation(
        configuration: TrainingConfiguration(),
        generator: Generator(model: TinyRun.model(try CPUBackend(threads: 1))),
        tokenizer: .wordLevel(vocabulary: TinyRun.words + (0..<20).map { "w\($0)" }),
        chat: nil,
        endOfSequence: [1],
        rewards: []
      )
    }
    // Longer than the model was made for: a warning, once for each piece.
    var warnings: [String] = []
    let long = try make(FakeReward { _ in .score(0) }, { $0.grpo.maxCompletionLength = 63 }) {
      warnings.append($0)
    }
    _ = try long.judge(dataset, 0..<10, set: "s", mode: .greedy)
    #expect(warnings.count == 1 && warnings.allSatisfy { $0.contains("10 of 10 prompts") })
  }
}
