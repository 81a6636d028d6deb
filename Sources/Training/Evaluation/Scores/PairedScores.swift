public import RunStore

/// One figure of the same prompts under two conditions: two models, or rows and their perturbations.
public struct PairedScore: Sendable, Equatable {
  /// The metric's name.
  public var name: String
  /// Pairs of which both sides have a score.
  public var count: Int
  /// The mean of the first side over these pairs.
  public var first: Double
  /// The mean of the second.
  public var second: Double
  /// Second less first, with its 95 % interval.
  public var difference: Estimate
  /// Where every score is 0 or 1: gains, losses, and McNemar's exact p.
  public var table: PairedComparison?

  /// How the interval was found.
  public var method: String { table == nil ? "bootstrap" : "newcombe" }

  /// Compares a metric over pairs; `nil` where no pair has both scores.
  ///
  /// Where every score is 0 or 1 the interval is Newcombe's for paired proportions (`PairedComparison`), else the paired
  /// bootstrap's over prompts.
  public init?(
    _ metric: PromptMetric,
    over pairs: [(first: EvaluatedPrompt, second: EvaluatedPrompt)]
  ) {
    var (before, after): ([Double], [Double]) = ([], [])
    for pair in pairs {
      guard let first = metric.score(pair.first), let second = metric.score(pair.second) else {
        continue
      }
      before.append(first)
      after.append(second)
    }
    guard !before.isEmpty else { return nil }
    name = metric.name
    count = before.count
    first = before.reduce(0, +) / Double(before.count)
    second = after.reduce(0, +) / Double(after.count)
    let isShare = metric.bounds == 0...1 && (before + after).allSatisfy { $0 == 0 || $0 == 1 }
    table =
      isShare ? PairedComparison(before: before.map { $0 == 1 }, after: after.map { $0 == 1 }) : nil
    difference =
      table?.difference ?? EvaluationStatistics.pairedBootstrap(zip(after, before).map { $0 - $1 })
  }

  /// The score for programs.
  ///
  /// - Parameter sides: the names of the two conditions.
  public func record(sides: (String, String)) -> RecordValue {
    var record: Record = [
      "count": RecordValue(count), sides.0: .double(first), sides.1: .double(second),
      "difference": difference.record, "interval": .string(method),
    ]
    if let table {
      record["gained"] = RecordValue(table.gained)
      record["lost"] = RecordValue(table.lost)
      record["mcnemar_p"] = .double(table.mcNemarP)
    }
    return .object(record.fields)
  }
}

/// Two evaluations of partnered prompts.
public struct PairedScores: Sendable, Equatable {
  /// Pairs.
  public var count: Int
  /// Prompts of the first side without a partner.
  public var unpairedFirst: Int
  /// Prompts of the second side without a partner.
  public var unpairedSecond: Int
  /// Every figure that both sides have.
  public var scores: [PairedScore]
  /// The same for each value of the columns asked for, of the first side's rows.
  public var categories: [Category]
  /// Of the pairs whose first side was solved, the share whose second side is: only with one completion each, and where there
  /// is such a pair.
  public var stillSolved: Estimate?

  /// The pairs with one value of a column.
  public struct Category: Sendable, Equatable {
    /// The column.
    public var column: String
    /// Its value; `nil` for rows that have none.
    public var value: String?
    /// Pairs.
    public var count: Int
    /// Their figures.
    public var scores: [PairedScore]
  }

  /// Pairs prompts by `key` and compares them.
  ///
  /// - Parameters:
  ///   - key: equal for partners; no two prompts of a side have the same. A prompt without one has no partner.
  ///   - metrics: what is compared.
  ///   - columns: by which the pairs are split; `nil`: by difficulty, where rows have it.
  /// - Returns: `nil` where no prompt has a partner.
  /// - Throws: `TrainingError` where two prompts of a side have the same key.
  public init?(
    first: [EvaluatedPrompt],
    second: [EvaluatedPrompt],
    by key: (EvaluatedPrompt) -> String?,
    metrics: [PromptMetric],
    columns: [String]? = nil
  ) throws {
    let partners = try Self.table(second, by: key)
    _ = try Self.table(first, by: key)
    let pairs = first.compactMap { prompt in
      key(prompt).flatMap { partners[$0] }.map { (first: prompt, second: $0) }
    }
    guard !pairs.isEmpty else { return nil }
    count = pairs.count
    unpairedFirst = first.count - pairs.count
    unpairedSecond = second.count - pairs.count
    scores = metrics.compactMap { PairedScore($0, over: pairs) }
    let firsts = pairs.map(\.first)
    categories = (columns ?? CategoryOrder.usualColumns(of: firsts)).flatMap { column in
      let values = Dictionary(grouping: pairs) { $0.first.column(column) }
      return values.sorted { CategoryOrder.precedes($0.key, $1.key) }.map { value, pairs in
        Category(
          column: column,
          value: value,
          count: pairs.count,
          scores: metrics.compactMap { PairedScore($0, over: pairs) }
        )
      }
    }
    let single = pairs.allSatisfy {
      $0.first.completions.count == 1 && $0.second.completions.count == 1
    }
    let solved = pairs.filter { $0.first.correct > 0 }
    stillSolved =
      single && !solved.isEmpty
      ? EvaluationStatistics.share(of: solved.count { $0.second.correct > 0 }, in: solved.count)
      : nil
  }

  private static func table(
    _ prompts: [EvaluatedPrompt],
    by key: (EvaluatedPrompt) -> String?
  ) throws -> [String: EvaluatedPrompt] {
    var table: [String: EvaluatedPrompt] = [:]
    for prompt in prompts {
      guard let name = key(prompt) else { continue }
      if let other = table.updateValue(prompt, forKey: name) {
        throw TrainingError.configuration(
          key: "set \(prompt.set)",
          value: name,
          problem: "pairs two rows, \(other.row) and \(prompt.row)",
          cure: "Set pair_by to a column that tells the rows of a set apart"
        )
      }
    }
    return table
  }
}
