import Components
import Testing

@testable import Training

@Suite("Mixtures and splits")
struct MixtureTests {
  private static func rows(_ count: Int, _ name: String) -> ArrayDataset {
    ArrayDataset(
      (0..<count).map {
        Example(
          id: UInt64($0),
          prompt: .text("\(name) \($0)"),
          completion: .text("done"),
          difficulty: Double($0 % 2)
        )
      }
    )
  }

  private static func mixture(_ weights: [Double] = [3, 1]) throws -> DatasetMixture {
    try DatasetMixture(
      slot: "prompts",
      [
        .init(name: "many", dataset: rows(40, "many"), weight: weights[0]),
        .init(name: "few", dataset: rows(10, "few"), weight: weights[1]),
      ]
    )
  }

  private static func source(_ mixture: DatasetMixture, seed: UInt64 = 42) throws -> RowSource {
    try RowSource(
      slot: "prompts",
      dataset: mixture,
      random: CounterRandom(seed: seed),
      shuffle: true
    )
  }

  @Test("rows are drawn in proportion to the weights, whatever the sources' sizes")
  func shares() throws {
    let source = try Self.source(try Self.mixture())
    let rows = try source.next(8_000)
    let few = rows.count { DatasetMixture.source(ofRow: $0.id) == 1 }
    // Binomial with p = 1/4: a standard deviation is 39.
    #expect(abs(few - 2_000) < 160)
    #expect(source.drawnBySource.map(\.rows) == [8_000 - few, few])
    #expect(source.drawnBySource.map(\.name) == ["many", "few"])
  }

  @Test("each source goes through its own rows once before it begins again")
  func epochs() throws {
    let source = try Self.source(try Self.mixture([1, 1]))
    let rows = try source.next(200)
    for index in [0, 1] {
      let count = index == 0 ? 40 : 10
      let own = rows.map(\.id).filter { DatasetMixture.source(ofRow: $0) == index }
      for start in stride(from: 0, to: own.count - count + 1, by: count) {
        #expect(Set(own[start..<(start + count)]).count == count)
      }
    }
  }

  @Test("draws do not depend on how many are asked for at once, and go on after a resume")
  func determinism() throws {
    let all = try Self.source(try Self.mixture()).next(300).map(\.id)
    let bySteps = try Self.source(try Self.mixture())
    var ids: [UInt64] = []
    for count in [1, 7, 50, 2] { ids += try bySteps.next(count).map(\.id) }
    #expect(ids == Array(all.prefix(60)))

    let resumed = try Self.source(try Self.mixture())
    try resumed.restore(bySteps.cursor)
    #expect(try resumed.next(240).map(\.id) == Array(all.dropFirst(60)))
    #expect(try Self.source(try Self.mixture(), seed: 43).next(300).map(\.id) != all)
  }

  @Test("a window of difficulty passes rows over and stays deterministic")
  func difficulty() throws {
    let source = try Self.source(try Self.mixture())
    let rows = try source.next(30, difficulty: 1...1)
    #expect(rows.allSatisfy { $0.difficulty == 1 })
    let resumed = try Self.source(try Self.mixture())
    try resumed.restore(source.cursor)
    #expect(
      try resumed.next(10, difficulty: 1...1).map(\.id)
        == source.next(10, difficulty: 1...1).map(\.id)
    )
  }

  @Test("as one dataset it has the sources' rows one after the other, ids apart")
  func asDataset() throws {
    let mixture = try Self.mixture()
    #expect(mixture.count == 50)
    let rows = try mixture.examples(in: 38..<43)
    #expect(
      rows.map(\.prompt.plain) == ["many 38", "many 39", "few 0", "few 1", "few 2"]
    )
    #expect(Set(rows.map(\.id)).count == 5)
    let origin = try #require(mixture.origin(ofRow: rows[3].id))
    #expect(origin.name == "few" && origin.id == 1)
    #expect(mixture.origin(ofRow: 2 << 48) == nil)
    let source = try Self.source(mixture)
    #expect(
      try source.rows(withIDs: [rows[3].id, rows[0].id]).map(\.prompt.plain)
        == ["few 1", "many 38"]
    )
  }

  @Test("what cannot be mixed is refused by name")
  func refusals() throws {
    let none = try #require(throws: TrainingError.self) { try Self.mixture([0, 0]) }
    #expect("\(none)".contains("prompts.0.weight"))
    let big = try DatasetMixture(
      slot: "prompts",
      [
        .init(
          name: "hashes",
          dataset: ArrayDataset([Example(id: .max, prompt: .text("a"))]),
          weight: 1
        )
      ]
    )
    let error = try #require(throws: TrainingError.self) { try big.examples(in: 0..<1) }
    #expect("\(error)".contains("hashes") && "\(error)".contains("48 bits"))
    for bytes in [[1], Array(repeating: 255, count: 16), Array(repeating: 0, count: 17)]
      as [[UInt8]]
    {
      #expect(throws: TrainingError.self) { try Self.mixture().loadState(bytes) }
    }
    let state = try Self.mixture().saveState()
    try Self.mixture().loadState(state)
  }

  // MARK: - Splits

  @Test("two parts share no row and lack none; the same rule gives the same parts")
  func split() throws {
    let dataset = Self.rows(1_000, "row")
    func part(_ part: DatasetSplit.Part, size: Double = 0.2, seed: UInt64 = 7) throws -> [UInt64] {
      let split = try DatasetSplit(
        dataset,
        slot: "prompts",
        rule: .init(testSize: size, seed: seed, part: part)
      )
      return try split.examples(in: 0..<split.count!).map(\.id)
    }
    let (train, test) = (try part(.train), try part(.test))
    #expect(Set(train).isDisjoint(with: test))
    #expect((train + test).sorted() == (0..<1_000).map(UInt64.init))
    #expect(abs(test.count - 200) < 50)
    #expect(try part(.test) == test)
    #expect(try part(.test, seed: 8) != test)
    // A larger share holds the smaller one.
    #expect(Set(test).isSubset(of: try part(.test, size: 0.4)))
  }

  @Test("rows that ask the same are in the same part")
  func duplicates() throws {
    let rows = (0..<200).map { Example(id: UInt64($0), prompt: .text("question \($0 / 2)")) }
    let split = try DatasetSplit(
      ArrayDataset(rows),
      slot: "prompts",
      rule: .init(testSize: 0.5, part: .test)
    )
    let ids = try split.examples(in: 0..<split.count!).map(\.id)
    #expect(ids.allSatisfy { ids.contains($0 ^ 1) })
  }

  @Test("a part without rows is an error with its key")
  func emptyPart() throws {
    let error = try #require(throws: TrainingError.self) {
      try DatasetSplit(
        Self.rows(3, "row"),
        slot: "evaluation.prompts",
        rule: .init(testSize: 1e-9, part: .test)
      )
    }
    #expect("\(error)".contains("evaluation.prompts.split.test_size"))
  }
}
