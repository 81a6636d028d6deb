import Components
import PluginHost

extension ConformanceTest {
  /// The manifest's worked example.
  static let examples: [ConformanceTest] = [
    ConformanceTest(
      id: "example",
      kinds: ComponentKind.allCases,
      summary: "The manifest's example comes out as it says."
    ) { component in
      if component.subject.parameters != .null || component.subject.batchFile != nil {
        throw CheckEnd.skipped("other parameters or another batch were given than the example's")
      }
      switch component.component.kind {
      case .reward: try component.checkRewardExample()
      case .dataset: try component.checkDatasetExample()
      case .strategy: try component.checkStrategyExample()
      }
    }
  ]
}

extension CheckedComponent {
  private static let none = "the manifest has no example with 'expect'"

  fileprivate func checkRewardExample() throws {
    guard !example.expectations.isEmpty else { throw CheckEnd.skipped(Self.none) }
    let reward = try reward().part
    var expectations = example.expectations[...]
    for batch in example.batches {
      note("scoring the example")
      let outcomes: [RewardOutcome]
      let answers: [String?]
      do {
        outcomes = try reward.score(batch)
        answers = try reward.answers(batch)
      } catch let error as PluginError {
        throw CheckEnd.failed(error.message, cure: error.cure ?? "see the message")
      }
      for (index, item) in batch.items.enumerated() {
        let expected = expectations.removeFirst()
        let place = shown(item)
        if let score = expected.score {
          guard case .score(let found) = outcomes[index], abs(found - score) <= example.tolerance
          else { throw Self.differs(place, "\(score)", outcomes[index].text) }
        }
        if expected.abstains, outcomes[index] != .abstained {
          throw Self.differs(place, "abstain", outcomes[index].text)
        }
        if let answer = expected.answer, answers[index] != answer {
          throw Self.differs(place, "the answer \(answer)", answers[index] ?? "no answer")
        }
      }
    }
  }

  private static func differs(_ place: String, _ expected: String, _ found: String) -> CheckEnd {
    .failed(
      "\(place): the example says \(expected), it is \(found)",
      cure: "correct the plugin or the example; 'tolerance' allows for rounding"
    )
  }

  fileprivate func checkDatasetExample() throws {
    guard case .object(let entries) = example.expect else { throw CheckEnd.skipped(Self.none) }
    let dataset = try dataset()
    var index = 0
    if case .int(let row)? = example.input["row"] { index = Int(row) }
    note("reading row \(index)")
    let row: Example
    do {
      row = try dataset.examples(in: index..<index + 1)[0]
    } catch let error as PluginError {
      throw CheckEnd.failed(error.message, cure: error.cure ?? "see the message")
    }
    let item = RewardItem(
      id: row.id,
      example: row,
      promptText: "",
      completion: "",
      completionWithSpecialTokens: "",
      completionIDs: [],
      truncated: false
    )
    // The row in the form of a batch file: what the example writes has that form, too.
    let line = BatchFile.text([RewardBatch(step: 0, seed: 0, items: [item])])
    let shown = try ParameterValue(json: Array(line.utf8))
    for entry in entries {
      let found: ParameterValue?
      switch entry.key {
      case "count": found = dataset.count.map { .int(Int64($0)) }
      case "id": found = Int64(exactly: row.id).map { .int($0) }
      case "prompt": found = shown["prompt"]
      case "completion", "difficulty": found = shown["example"]?[entry.key]
      case "columns":
        guard case .object(let columns) = entry.value else { fallthrough }
        for column in columns {
          try Self.compare("column '\(column.key)'", column.value, shown["columns"]?[column.key])
        }
        continue
      default:
        throw CheckEnd.failed(
          "the example expects \(entry.key): \(entry.value.json)",
          cure: "write id, prompt, completion, difficulty, columns or count"
        )
      }
      try Self.compare(entry.key, entry.value, found)
    }
  }

  private static func compare(
    _ key: String,
    _ expected: ParameterValue,
    _ found: ParameterValue?
  ) throws {
    let isEqual = found.map { $0 == expected || ($0.number != nil && $0.number == expected.number) }
    guard isEqual ?? (expected == .null) else {
      throw differs(key, expected.json, found?.json ?? "nothing")
    }
  }

  fileprivate func checkStrategyExample() throws {
    guard case .array(let kinds)? = example.expect["kinds"] else {
      throw CheckEnd.skipped(Self.none)
    }
    var run = SimulatedRun(try strategy())
    note("simulating a run")
    let plans = try run.run(kinds.count).filter { $0.kind != .measure }
    let found = ParameterValue.array(plans.map { .string($0.kind.name) })
    try Self.compare("the steps' kinds", .array(kinds), found)
  }
}
