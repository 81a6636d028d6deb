import Components
import RunStore
import Testing
import Tokenizers

@testable import Training

/// Every fourth row has 9 tokens, the others 5; `max_length` is 6.
@Suite("Rows longer than sft.max_length")
struct OverlongRowTests {
  private final class Warnings: TrainingObserver {
    var texts: [String] = []

    func observe(_ event: TrainingEvent) {
      if case .warning(let text) = event { texts.append(text) }
    }
  }

  private static func rows(_ count: Int = 24, long: (Int) -> Bool = { $0 % 4 == 0 }) -> [Example] {
    var rows = TinyRun.examples(count)
    for index in rows.indices where long(index) {
      rows[index].completion = .text("a b c d e f")
    }
    return rows
  }

  private func run(
    _ policy: SFTConfiguration.OverlongRowPolicy,
    steps: Int = 6,
    needs: StrategyRequirements = []
  ) -> TinyRun {
    var run = TinyRun(FakeStrategy(needs) { _ in StepPlan(.sft) })
    run.rows = Self.rows()
    run.promptRows = TinyRun.examples(24)
    run.configuration.sft.maxLength = 6
    run.configuration.sft.onOverlongRow = policy
    run.configuration.maxSteps = steps
    return run
  }

  private func overlong(_ run: TinyRun) throws -> RecordValue? {
    try RunDirectory.open(at: run.directory).records(in: .metrics).last?["sft/overlong_rows"]
  }

  @Test("a row that is cut is counted, and said once")
  func truncate() throws {
    let run = run(.truncate)
    defer { run.remove() }
    let warnings = Warnings()
    do {
      let (trainer, _) = try run.trainer(observer: warnings)
      let cut = try trainer.demonstration(run.rows[0], slot: "demonstrations")
      #expect(cut.length == 6 && cut.truncated)
      let whole = try trainer.demonstration(run.rows[1], slot: "demonstrations")
      #expect(whole.length == 5 && !whole.truncated)
      _ = try trainer.train()
    }
    #expect(try overlong(run) == .int(6))
    #expect(warnings.texts.count == 1)
    let text = try #require(warnings.texts.first)
    for words in ["6 of 24 rows", "max_length 6", "longest 9", "cut at the end", "overlong_rows"] {
      #expect(text.contains(words), "\(text)")
    }
  }

  @Test("without such rows nothing is said, and no metric is written")
  func none() throws {
    let run = run(.truncate)
    var fitting = run
    fitting.configuration.sft.maxLength = 9
    defer { fitting.remove() }
    let warnings = Warnings()
    do { _ = try fitting.trainer(observer: warnings).0.train() }
    #expect(try overlong(fitting) == nil)
    #expect(warnings.texts.isEmpty)
  }

  @Test("a run that leaves rows out is the run without these rows")
  func skip() throws {
    var skipping = run(.skip, steps: 10)
    var without = run(.error, steps: 10)
    defer { for run in [skipping, without] { run.remove() } }
    // In their own order both runs draw the same rows.
    skipping.configuration.shuffleDataset = false
    without.configuration.shuffleDataset = false
    without.rows = without.rows.filter { $0.completion != .text("a b c d e f") }
    #expect(without.rows.count == 18)
    let warnings = Warnings()
    do {
      let (trainer, model) = try skipping.trainer(observer: warnings)
      _ = try trainer.train()
      #expect(values(of: model) == (try without.weights()))
    }
    // 40 rows are trained: two epochs of 18, and four of six more.
    #expect(try overlong(skipping) == .int(14))
    #expect(warnings.texts.count == 1)
    #expect(warnings.texts.first?.contains("left out") == true, "\(warnings.texts)")
  }

  @Test("rows are left out of packed sequences, and a resume counts none twice")
  func packed() throws {
    func packed(_ steps: Int) -> TinyRun {
      var run = run(.skip, steps: steps)
      run.configuration.sft.packing = true
      run.configuration.sft.maxLength = 8
      run.configuration.sft.perDeviceTrainBatchSize = 2
      return run
    }
    let whole = packed(15)
    defer { whole.remove() }
    let expected = try whole.weights()

    var first = packed(4)
    defer { first.remove() }
    do {
      let (trainer, _) = try first.trainer()
      _ = try trainer.train()
      #expect((trainer.state.packing?.taken ?? 0) > 0)
      #expect(trainer.state.overlongRows == 6)
    }
    first.configuration.maxSteps = 15
    do {
      let (rest, model) = try first.trainer(resume: true)
      _ = try rest.train()
      #expect(values(of: model) == expected)
    }
    #expect(try overlong(first) == overlong(whole))
    #expect(try overlong(whole) == .int(12))
  }

  @Test("an error names the row before the first step, wherever it stands")
  func error() throws {
    var run = run(.error)
    run.rows = Self.rows { $0 == 23 }
    defer { run.remove() }
    let (trainer, _) = try run.trainer()
    let error = try #require(throws: TrainingError.self) { try trainer.train() }
    for words in [
      "demonstrations: row 1023 has 9 tokens, more than sft.max_length 6", "sft.on_overlong_row",
    ] {
      #expect("\(error)".contains(words), "\(error)")
    }
    #expect(run.strategy.reports.isEmpty)
  }

  @Test("a run none of whose rows fits ends with the key", arguments: [false, true], [2, -1])
  func noneFits(packing: Bool, steps: Int) throws {
    var run = run(.skip, steps: steps)
    run.rows = Self.rows { _ in true }
    run.configuration.sft.packing = packing
    defer { run.remove() }
    let error = try #require(throws: TrainingError.self) { try run.trainer().0.train() }
    #expect("\(error)".contains("sft.max_length: 6 leaves no row to train"), "\(error)")
  }

  @Test("epochs are counted without the rows that are left out")
  func horizon() throws {
    for (policy, steps) in [(SFTConfiguration.OverlongRowPolicy.skip, 9), (.truncate, 12)] {
      var run = run(policy, steps: -1)
      run.configuration.numTrainEpochs = 2
      defer { run.remove() }
      #expect(try run.trainer().0.horizon == steps)
    }
  }

  @Test("the probe has no row that is left out")
  func probe() throws {
    var run = run(.skip, needs: [.probe])
    run.configuration.probeSize = 12
    defer { run.remove() }
    let (trainer, _) = try run.trainer()
    let sequences = trainer.probe.flatMap(\.sequences)
    #expect(sequences.count <= 12 && !sequences.isEmpty)
    #expect(sequences.allSatisfy { $0.length <= 6 })
    _ = try trainer.train()
  }

  @Test("a prompt that leaves no room for its completion is an error with a cure, or left out")
  func noRoom() throws {
    var run = run(.truncate)
    run.configuration.sft.maxLength = 2
    defer { run.remove() }
    let (trainer, _) = try run.trainer()
    let error = try #require(throws: TrainingError.self) {
      try trainer.demonstration(run.rows[1], slot: "demonstrations")
    }
    #expect("\(error)".contains("row 1001 has no token left to train"), "\(error)")
    #expect("\(error)".contains("set sft.on_overlong_row to skip"), "\(error)")
    trainer.configuration.sft.onOverlongRow = .skip
    let whole = try trainer.demonstration(run.rows[1], slot: "demonstrations")
    #expect(trainer.fitting([whole]).kept.isEmpty && trainer.fitting([whole]).overlong == 1)
  }

  @Test(
    "an empty completion is an error that names the row",
    arguments: [RowText.text(""), .messages([])]
  )
  func emptyCompletion(completion: RowText) throws {
    var run = run(.truncate)
    run.rows[3].completion = completion
    defer { run.remove() }
    let (trainer, _) = try run.trainer()
    let error = try #require(throws: TrainingError.self) {
      try trainer.demonstration(run.rows[3], slot: "demonstrations")
    }
    #expect("\(error)".contains("row 1003 has an empty completion"), "\(error)")
  }

  @Test("an empty prompt of a rollout is an error that names the row")
  func emptyPrompt() throws {
    var run = TinyRun(FakeStrategy { _ in StepPlan(.rl) })
    run.promptRows = TinyRun.examples(8)
    for index in 0..<8 { run.promptRows?[index].prompt = .text("") }
    defer { run.remove() }
    let (trainer, _) = try run.trainer()
    let error = try #require(throws: TrainingError.self) { try trainer.train() }
    #expect("\(error)".contains("prompts: row 100"), "\(error)")
    #expect("\(error)".contains("has an empty prompt"), "\(error)")
  }

  @Test("prompts that leave no room within the model's positions are told of once")
  func longPrompts() throws {
    var run = TinyRun(FakeStrategy { _ in StepPlan(.rl) })
    run.configuration.maxSteps = 2
    run.configuration.grpo.maxCompletionLength = 63
    defer { run.remove() }
    let warnings = Warnings()
    do { _ = try run.trainer(observer: warnings).0.train() }
    #expect(warnings.texts.count == 1)
    #expect(warnings.texts.first?.contains("max_position_embeddings") == true, "\(warnings.texts)")
  }

  @Test("the inspector shows a row that is left out whole")
  func inspector() throws {
    var configuration = TrainingConfiguration()
    configuration.sft.maxLength = 6
    func row(_ policy: SFTConfiguration.OverlongRowPolicy) throws -> RowInspector.Row? {
      configuration.sft.onOverlongRow = policy
      let inspector = RowInspector(
        configuration: configuration,
        tokenizer: try .wordLevel(vocabulary: TinyRun.words),
        chat: nil,
        eosID: 1
      )
      return try inspector.demonstration(Self.rows()[0], slot: "demonstrations")
    }
    let left = try #require(try row(.skip))
    #expect(left.isLeftOut && left.ids.count == 9 && left.cut == 0)
    let cut = try #require(try row(.truncate))
    #expect(!cut.isLeftOut && cut.ids.count == 6 && cut.cut == 3)
    #expect(throws: TrainingError.self) { try row(.error) }
  }
}
