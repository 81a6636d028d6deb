import Components
import PluginHost

/// Asks a component many made-up questions, each a function of (seed, case) alone.
struct FuzzJob {
  private let seed: UInt64
  private let cases: Range<Int>
  /// Whether the batch of the first case is only shown, so that the parent can keep it.
  private let isShow: Bool

  init(_ job: ParameterValue) throws {
    guard let seed = job.text("seed").flatMap({ UInt64($0) }),
      let first = job.number("first"), let count = job.number("count")
    else { throw CheckChild.Misunderstanding(description: "a fuzz job needs seed, first, count") }
    self.seed = seed
    cases = Int(first)..<Int(first) + Int(count)
    isShow = job["show"] == .bool(true)
  }

  static func job(
    _ subject: CheckSubject,
    seed: UInt64,
    first: Int,
    count: Int,
    show: Bool = false
  ) -> ParameterValue {
    .object([
      ParameterEntry("job", .string("fuzz")), ParameterEntry("subject", subject.json),
      ParameterEntry("seed", .string(String(seed))),
      ParameterEntry("first", .int(Int64(first))), ParameterEntry("count", .int(Int64(count))),
      ParameterEntry("show", .bool(show)),
    ])
  }

  /// `{done: N, refused: N}`, or `{failure: TEXT}` for the case that the stage names.
  func run(_ subject: CheckSubject, _ board: ReportBoard) throws -> ParameterValue {
    let component = try CheckedComponent(subject, board: board)
    var refused = 0
    board.note("bringing the component to life")
    do {
      switch component.component.kind {
      case .reward:
        let reward = try component.reward().part
        let fuzzer = BatchFuzzer(try component.material(reward))
        if isShow {
          let batch = fuzzer.batch(seed, cases.lowerBound).batch
          return .object([ParameterEntry("batch", .string(BatchFile.text([batch])))])
        }
        for number in cases {
          let (batch, mayRefuse) = fuzzer.batch(seed, number)
          board.note("\(number)")
          do {
            _ = try reward.score(batch)
            _ = try reward.answers(batch)
          } catch let error as PluginError where mayRefuse && error.isDataRefusal {
            refused += 1
          }
        }
      case .dataset:
        let dataset = try component.dataset()
        for number in cases {
          board.note("\(number)")
          try Self.readRows(dataset, seed, number)
        }
      case .strategy:
        for number in cases {
          board.note("\(number)")
          do {
            try Self.simulate(try component.strategy(), seed, number)
          } catch let error as PluginError {
            guard case .refused = error.problem else { throw error }
            refused += 1
          }
        }
      }
    } catch let error as PluginError {
      return .object([ParameterEntry("failure", .string(error.description))])
    }
    return .object([
      ParameterEntry("done", .int(Int64(cases.count))),
      ParameterEntry("refused", .int(Int64(refused))),
    ])
  }

  private static func readRows(_ dataset: any Dataset, _ seed: UInt64, _ number: Int) throws {
    var random = SplitMix(seed ^ UInt64(number) &* 0x9E37_79B9)
    let count = dataset.count ?? 10_000
    let low = random.next(count + 1)
    let high = min(count, low + random.next(64))
    if random.next(8) == 0 { try dataset.beginEpoch(random.next(5)) }
    do {
      _ = try dataset.examples(in: low..<max(low, high))
    } catch let error as PluginError where error.hook == "next" && dataset.count == nil {
      // A stream may only go forward.
    }
  }

  /// A run whose reports have odd numbers here and there.
  private static func simulate(
    _ strategy: any MixingStrategy,
    _ seed: UInt64,
    _ number: Int
  ) throws {
    var random = SplitMix(seed ^ UInt64(number) &* 0x9E37_79B9)
    let values = [Double.nan, .infinity, 0, -1, 1e-300, 1e300]
    var run = SimulatedRun(strategy)
    run.seed = random.next()
    run.keepsTrace = false
    run.horizon = 1 + random.next(200)
    run.distort = { report in
      if random.next(4) == 0 { report.replaceNumbers(with: values[random.next(values.count)]) }
    }
    for _ in 0..<1 + random.next(40) {
      _ = try run.run(1)
      if random.next(10) == 0 { try strategy.loadState(try strategy.saveState()) }
    }
  }
}

/// Batches that are functions of (seed, case).
struct BatchFuzzer {
  private let material: RewardMaterial

  init(_ material: RewardMaterial) { self.material = material }

  /// The batch of a case, and whether it has columns that a reward may refuse.
  func batch(_ seed: UInt64, _ number: Int) -> (batch: RewardBatch, mayRefuse: Bool) {
    var random = SplitMix(seed &+ UInt64(number) &* 0xD134_2543_DE82_EF95)
    let count = [1, 1, 2, 5, 16, 64][random.next(6)]
    var batch = material.batch(of: (0..<count).map { _ in text(&random) })
    batch.seed = random.next()
    batch.step = random.next(1 << 20)
    let hasOddColumns = random.next(10) == 0
    for index in batch.items.indices {
      batch.items[index].id = random.next(4) == 0 ? random.next() : UInt64(index)
      batch.items[index].truncated = random.next(5) == 0
      if random.next(10) == 0 { batch.items[index].completionIDs = [] }
      if hasOddColumns { spoil(&batch.items[index].example.columns, &random) }
    }
    // Ids are those of the batch's items: unique.
    var seen: Set<UInt64> = []
    for index in batch.items.indices where !seen.insert(batch.items[index].id).inserted {
      batch.items[index].id = .max - UInt64(index)
    }
    return (batch, hasOddColumns || material.isMadeUp)
  }

  private func text(_ random: inout SplitMix) -> String {
    let items = material.items
    var scalars = Array(items[random.next(items.count)].completion.unicodeScalars)
    for _ in 0..<random.next(6) { mutate(&scalars, &random) }
    return String(String.UnicodeScalarView(scalars))
  }

  private func mutate(_ scalars: inout [Unicode.Scalar], _ random: inout SplitMix) {
    let place = random.next(scalars.count + 1)
    switch random.next(8) {
    case 0: scalars.removeSubrange(place...)
    case 1: scalars.removeSubrange(..<place)
    case 2:
      let odd = RewardMaterial.oddTexts[random.next(RewardMaterial.oddTexts.count)]
      scalars.insert(contentsOf: odd.unicodeScalars, at: place)
    case 3 where !scalars.isEmpty: scalars[random.next(scalars.count)] = scalar(&random)
    case 4: scalars.insert(contentsOf: String(random.next(100_000)).unicodeScalars, at: place)
    case 5 where scalars.count < 4096: scalars += scalars
    case 6 where !scalars.isEmpty: scalars.remove(at: random.next(scalars.count))
    default: scalars.insert(scalar(&random), at: place)
    }
  }

  /// ASCII half of the time, else anything that is a scalar.
  private func scalar(_ random: inout SplitMix) -> Unicode.Scalar {
    if random.next(2) == 0 { return Unicode.Scalar(UInt8(random.next(128))) }
    return Unicode.Scalar(UInt32(random.next(0x11_0000))) ?? "\u{FFFD}"
  }

  private func spoil(_ columns: inout [Column], _ random: inout SplitMix) {
    let values: [ColumnValue] = [
      .null, .int(Int64(bitPattern: random.next())), .real(Double(bitPattern: random.next())),
      .text(text(&random)), .list([.text(text(&random)), .null]), .messages([]),
    ]
    for index in columns.indices where random.next(2) == 0 {
      columns[index].value = values[random.next(values.count)]
    }
  }
}
