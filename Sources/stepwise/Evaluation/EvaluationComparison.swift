import RunStore
import Training

/// Two evaluations of the same rows, prompt by prompt.
struct EvaluationComparison {
  let first: StoredEvaluation
  let second: StoredEvaluation
  /// Each set in each mode that both have.
  let parts: [Part]
  /// Prompts that a chat template or a prompt template made different, though the rows are the same.
  let differentPrompts: Int

  /// One set in one mode.
  struct Part {
    var set: String
    var mode: String
    var paired: PairedScores
  }

  /// What is wrong with a pair of evaluations.
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// - Parameter categories: columns by which differences are split; `nil` for difficulty.
  /// - Throws: `UsageError` where the two have nothing in common, or rows that are not the same.
  init(_ first: StoredEvaluation, _ second: StoredEvaluation, categories: [String]? = nil) throws {
    (self.first, self.second) = (first, second)
    var parts: [Part] = []
    var different = 0
    for set in first.sets where second.sets.contains(set) {
      for mode in first.modes where second.modes.contains(mode) {
        let (a, b) = (first.prompts(set: set, mode: mode), second.prompts(set: set, mode: mode))
        guard !a.isEmpty, !b.isEmpty else { continue }
        different += try Self.check(a, b, first.shown, second.shown)
        let paired = try PairedScores(
          first: a,
          second: b,
          by: { String($0.id) },
          metrics: Self.metrics(a, b, first, second),
          columns: categories
        )
        if let paired { parts.append(Part(set: set, mode: mode, paired: paired)) }
      }
    }
    guard !parts.isEmpty else {
      func contents(_ evaluation: StoredEvaluation) -> String {
        let names = evaluation.prompts.map { "\($0.set), \($0.mode)" }
        return "\(evaluation.shown) has \(EvaluationReport.unique(names).joined(separator: "; "))"
      }
      throw UsageError(
        error: Failure(
          description:
            "no prompt is in both evaluations under the same set and mode: \(contents(first)). "
            + "\(contents(second)). Evaluate both on the same rows, both with --greedy or both sampled."
        )
      )
    }
    self.parts = parts
    differentPrompts = different
  }

  /// Refuses rows that are not the same; counts those whose prompts differ all the same.
  private static func check(
    _ first: [EvaluatedPrompt],
    _ second: [EvaluatedPrompt],
    _ names: String...
  ) throws -> Int {
    let others = Dictionary(second.map { ($0.id, $0) }) { a, _ in a }
    var different = 0
    for prompt in first {
      guard let other = others[prompt.id] else { continue }
      guard prompt.digest == other.digest else {
        throw UsageError(
          error: Failure(
            description:
              "set \(prompt.set): row \(prompt.id) of \(names[0]) is not row \(prompt.id) of \(names[1]): "
              + "its prompt or its columns differ. Only evaluations of the same rows can be compared in pairs."
          )
        )
      }
      if prompt.prompt != other.prompt { different += 1 }
    }
    return different
  }

  /// Figures that both sides have.
  private static func metrics(
    _ a: [EvaluatedPrompt],
    _ b: [EvaluatedPrompt],
    _ first: StoredEvaluation,
    _ second: StoredEvaluation
  ) -> [PromptMetric] {
    let k = min(a[0].completions.count, b[0].completions.count)
    let votes = [a, b].allSatisfy { side in
      side.contains { $0.completions.contains { $0.answer != nil } }
    }
    // Scores stand in the order of each evaluation's own rewards; others than the same ones cannot be compared.
    let rewards = first.rewards == second.rewards ? first.rewards : []
    return PromptMetric.all(
      k: k,
      counts: PromptMetric.usualCounts(upTo: k),
      rewards: rewards,
      votes: votes
    )
    .filter { first.rewards == second.rewards || $0.name != "reward" }
  }

  /// The comparison for programs.
  var record: Record {
    [
      "a": .string(first.shown), "b": .string(second.shown),
      "different_prompts": RecordValue(differentPrompts),
      "comparisons": .array(
        parts.map { part in
          [
            "set": .string(part.set), "mode": .string(part.mode),
            "pairs": RecordValue(part.paired.count),
            "only_a": RecordValue(part.paired.unpairedFirst),
            "only_b": RecordValue(part.paired.unpairedSecond),
            "metrics": Self.record(part.paired.scores),
            "categories": .array(
              part.paired.categories.map {
                [
                  "column": .string($0.column), "value": RecordValue($0.value),
                  "pairs": RecordValue($0.count),
                  "metrics": Self.record($0.scores),
                ]
              }
            ),
          ]
        }
      ),
    ]
  }

  private static func record(_ scores: [PairedScore]) -> RecordValue {
    .object(scores.map { RecordField($0.name, $0.record(sides: ("a", "b"))) })
  }

  /// The comparison for people.
  func lines(glyphs: Glyphs) -> [StyledLine] {
    var lines: [StyledLine] = [
      [
        Span("A  ", .strong), Span(first.shown.printable),
        Span(" \(glyphs.dot) \(first.model.printable)", .quiet),
      ],
      [
        Span("B  ", .strong), Span(second.shown.printable),
        Span(" \(glyphs.dot) \(second.model.printable)", .quiet),
      ],
    ]
    if differentPrompts > 0 {
      lines.append([
        Span(
          "\(NumberText.grouped(differentPrompts)) prompts were put differently to the two models, by another template",
          .quiet
        )
      ])
    }
    for part in parts {
      var table = TextTable(
        columns: [
          .init(title: "\(part.set.printable), \(part.mode)"),
          .init(title: "pairs", alignment: .right),
          .init(title: "A", alignment: .right), .init(title: "B", alignment: .right),
          .init(title: "B less A"), .init(title: "gained", alignment: .right),
          .init(title: "lost", alignment: .right), .init(title: "McNemar p", alignment: .right),
        ]
      )
      for score in part.paired.scores { table.rows.append(Self.row(score, name: score.name)) }
      for category in part.paired.categories {
        guard let score = category.scores.first(where: { $0.name == "pass@1" }) else { continue }
        let value = category.value?.printable ?? "(none)"
        table.rows.append(Self.row(score, name: "pass@1, \(category.column.printable) \(value)"))
      }
      lines += [[]] + table.lines(rule: glyphs.barRest)
      let alone = (part.paired.unpairedFirst, part.paired.unpairedSecond)
      if alone != (0, 0) {
        lines.append([
          Span(
            "left out: \(NumberText.grouped(alone.0)) prompts that only A has, \(NumberText.grouped(alone.1)) that only B has",
            .quiet
          )
        ])
      }
    }
    return lines
  }

  private static func row(_ score: PairedScore, name: String) -> [Span] {
    let isGain = score.name.hasPrefix("pass@") && score.difference.low > 0
    return [
      Span(name.printable), Span(NumberText.grouped(score.count)),
      Span(NumberText.fixed(score.first, 3)),
      Span(NumberText.fixed(score.second, 3)),
      Span(
        "\(score.difference.signed) \(score.difference.interval)",
        TextStyle(colour: isGain ? .good : nil)
      ),
      Span(score.table.map { String($0.gained) } ?? ""),
      Span(score.table.map { String($0.lost) } ?? ""),
      Span(score.table.map { NumberText.short($0.mcNemarP) } ?? ""),
    ]
  }
}
