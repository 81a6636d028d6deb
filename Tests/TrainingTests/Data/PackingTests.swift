import Components
import LanguageModels
import Testing

@testable import Training

/// What TRL 1.16 makes of rows; see `Fixtures/make_data_fixtures.py`.
private struct PackingFixture: Decodable {
  struct Case: Decodable {
    var capacity: Int
    var lengths: [Int]
    var bins: [[Int]]
  }
  struct Rows: Decodable {
    var inputIds: [[Int32]]
    var labels: [[Int32]]
  }
  struct Packed: Decodable {
    var inputIds: [Int32]
    var seqLengths: [Int]
  }
  struct Collated: Decodable {
    var inputIds: [[Int32]]
    var labels: [[Int32]]
    var positionIds: [[Int32]]
  }
  var cases: [Case]
  var rows: Rows
  var packed: [Packed]
  var collated: Collated
}

@Suite("Packing")
struct PackingTests {
  @Test("best fit decreasing gives TRL's sequences, equal rows in its order")
  func golden() throws {
    let fixture = try LossFixture.load("packing.json", as: PackingFixture.self)
    #expect(fixture.cases.count == 7)
    for item in fixture.cases {
      #expect(BestFitDecreasing.pack(item.lengths, capacity: item.capacity) == item.bins)
    }
  }

  @Test("no row is lost and no sequence is too long", arguments: [1, 2, 7, 64, 65, 1_000])
  func invariants(capacity: Int) {
    var generator = TestGenerator(seed: UInt64(capacity))
    for count in [0, 1, 2, 50, 500] {
      let lengths = (0..<count).map { _ in Int.random(in: 1...capacity, using: &generator) }
      let bins = BestFitDecreasing.pack(lengths, capacity: capacity)
      #expect(bins.flatMap { $0 }.sorted() == Array(0..<count))
      #expect(bins.allSatisfy { $0.reduce(0) { $0 + lengths[$1] } <= capacity })
      // Two sequences that would fit into one were never left apart.
      let sums = bins.map { $0.reduce(0) { $0 + lengths[$1] } }.sorted()
      if sums.count > 1 { #expect(sums[0] + sums[1] > capacity) }
    }
  }

  @Test("a packed batch trains the tokens that TRL's collator labels, at its positions")
  func collated() throws {
    let fixture = try LossFixture.load("packing.json", as: PackingFixture.self)
    let bins = BestFitDecreasing.pack(fixture.rows.inputIds.map(\.count), capacity: 6)
    let rows = bins.flatMap { $0 }
    // A row of one token has nothing to train; the trainer refuses it before this.
    let sequences = rows.filter { fixture.rows.inputIds[$0].count > 1 }.map { row in
      let ids = fixture.rows.inputIds[row]
      let prompt = fixture.rows.labels[row].prefix { $0 == -100 }.count
      return TrainingSequence(
        kind: .demonstration,
        exampleID: UInt64(row),
        group: -1,
        prompt: Array(ids.prefix(prompt)),
        completion: Array(ids.dropFirst(prompt))
      )
    }
    let batch = MicroBatch(sequences)
    let (ids, labels) = (fixture.collated.inputIds[0], fixture.collated.labels[0])
    let positions = fixture.collated.positionIds[0]
    let kept = ids.indices.filter { ids[$0] != 14 }
    #expect(batch.packed.tokens == kept.map { ids[$0] })
    #expect(batch.packed.positions == kept.map { positions[$0] })
    #expect(batch.targets == labels.filter { $0 != -100 })
    #expect(batch.rows == kept.filter { labels[$0] != -100 }.map { Int32($0 - 1) })
  }

  /// Rows of 2 to 6 tokens without the EOS that is added.
  private static func rows(_ count: Int) -> [Example] {
    (0..<count).map { index in
      let words = (0...(index * 7 % 5)).map { TinyRun.words[(index + $0) % 8] }
      return Example(
        id: UInt64(index),
        prompt: .text(words[0]),
        completion: .text(words.joined(separator: " "))
      )
    }
  }

  private func run(_ steps: Int) -> TinyRun {
    var run = TinyRun(FakeStrategy { _ in StepPlan(.sft) })
    run.rows = Self.rows(41)
    run.promptRows = run.rows
    run.configuration.sft.packing = true
    run.configuration.sft.maxLength = 12
    run.configuration.sft.perDeviceTrainBatchSize = 2
    run.configuration.maxSteps = steps
    return run
  }

  @Test("every row is trained once in an epoch, whatever sequences it is packed into")
  func epoch() throws {
    let run = run(1)
    defer { run.remove() }
    let (trainer, _) = try run.trainer()
    let source = try #require(trainer.demonstrations)
    var seen: [UInt64] = []
    while seen.count < 41 {
      for batch in try trainer.packedMicroBatches(StepPlan(.sft), source) {
        for sequence in batch.sequences { seen.append(sequence.exampleID) }
      }
    }
    #expect(Set(seen.prefix(41)).count == 41)
  }

  @Test("a run that is packed resumes to the same bits, in the middle of a window")
  func resume() throws {
    let whole = run(9)
    defer { whole.remove() }
    let expected = try whole.weights()

    var first = run(9)
    defer { first.remove() }
    first.configuration.maxSteps = 4
    do {  // The run is let go of at the end.
      let (trainer, _) = try first.trainer()
      _ = try trainer.train()
      #expect((trainer.state.packing?.taken ?? 0) > 0)
    }
    first.configuration.maxSteps = 9
    let (rest, model) = try first.trainer(resume: true)
    _ = try rest.train()
    #expect(values(of: model) == expected)
  }

  @Test("epochs are counted in packed sequences")
  func horizon() throws {
    var run = run(1)
    defer { run.remove() }
    run.configuration.maxSteps = -1
    run.configuration.numTrainEpochs = 2
    let (trainer, _) = try run.trainer()
    let lengths = run.rows.map { row in
      row.prompt.plain.split(separator: " ").count
        + row.completion!.plain.split(separator: " ").count + 1
    }
    let packed = BestFitDecreasing.pack(lengths, capacity: 12).count
    #expect(trainer.horizon == packed)
    #expect(packed < 41)
  }

  @Test("the loss of packed rows is that of the same rows in one batch")
  func loss() throws {
    var packed = run(1)
    defer { packed.remove() }
    packed.configuration.sft.perDeviceTrainBatchSize = 1_000
    packed.configuration.shuffleDataset = false
    let plain = packed
    let strategy = FakeStrategy { _ in StepPlan(.sft) }
    var unpacked = TinyRun(strategy)
    defer { unpacked.remove() }
    unpacked.rows = plain.rows
    unpacked.configuration = plain.configuration
    unpacked.configuration.sft.packing = false
    unpacked.configuration.sft.perDeviceTrainBatchSize = 41
    let (trainer, _) = try packed.trainer()
    let source = try #require(trainer.demonstrations)
    var batches: [TrainingSequence] = []
    while batches.count < 41 {
      trainer.configuration.sft.perDeviceTrainBatchSize = 1
      batches += try trainer.packedMicroBatches(StepPlan(.sft), source)[0].sequences
    }
    #expect(batches.count == 41)
    let report = try trainer.supervisedPart([MicroBatch(batches)], scale: 1, coefficients: nil)
    let (other, _) = try unpacked.trainer()
    let reference = try other.supervisedPart(
      other.microBatches(
        try unpacked.rows.map { try other.demonstration($0, slot: "demonstrations") },
        of: 1
      ),
      scale: 1,
      coefficients: nil
    )
    #expect(abs(report.loss - reference.loss) < 1e-6)
    #expect(report.tokens == reference.tokens)
  }

  @Test("a window of difficulty cannot be packed")
  func difficulty() throws {
    let run = run(2)
    defer { run.remove() }
    let (trainer, _) = try run.trainer()
    var plan = StepPlan(.sft)
    plan.difficulty = 0...1
    let error = try #require(throws: TrainingError.self) {
      try trainer.packedMicroBatches(plan, trainer.demonstrations!)
    }
    #expect("\(error)".contains("sft.packing"))
  }
}
