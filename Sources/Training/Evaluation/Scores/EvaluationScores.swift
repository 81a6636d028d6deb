public import RunStore

/// One figure over some prompts.
public struct Score: Sendable, Equatable {
  /// The metric's name.
  public var name: String
  /// Prompts that have a score.
  public var count: Int
  /// Their mean, with its 95 % interval.
  public var estimate: Estimate

  /// The mean of a metric; `nil` where no prompt has a score.
  public init?(_ metric: PromptMetric, over prompts: [EvaluatedPrompt]) {
    let scores = prompts.compactMap(metric.score)
    guard !scores.isEmpty else { return nil }
    name = metric.name
    count = scores.count
    let isShare = metric.bounds == 0...1 && scores.allSatisfy { $0 == 0 || $0 == 1 }
    estimate =
      isShare
      ? EvaluationStatistics.share(of: scores.count { $0 == 1 }, in: scores.count)
      : EvaluationStatistics.mean(scores, bounds: metric.bounds)
  }
}

/// The figures of one set of rows in one mode, as a whole and by category.
public struct EvaluationScores: Sendable, Equatable {
  /// Which set of rows.
  public var set: String
  /// How completions were drawn.
  public var mode: String
  /// Completions for each prompt.
  public var k: Int
  /// Prompts.
  public var count: Int
  /// Every figure, in order.
  public var scores: [Score]
  /// The same for each value of the columns asked for.
  public var categories: [Category]

  /// The rows with one value of a column.
  public struct Category: Sendable, Equatable {
    /// The column.
    public var column: String
    /// Its value; `nil` for rows that have none.
    public var value: String?
    /// Prompts.
    public var count: Int
    /// Their figures.
    public var scores: [Score]
  }

  /// Computes the figures of prompts of one set in one mode.
  ///
  /// - Parameter columns: by which they are split; `nil`: by difficulty, where the rows have at most 32 different ones.
  public init(
    _ prompts: [EvaluatedPrompt],
    metrics: [PromptMetric],
    columns: [String]? = nil
  ) {
    precondition(!prompts.isEmpty, "figures of no prompt")
    set = prompts[0].set
    mode = prompts[0].mode
    k = prompts[0].completions.count
    count = prompts.count
    scores = metrics.compactMap { Score($0, over: prompts) }
    categories = (columns ?? CategoryOrder.usualColumns(of: prompts)).flatMap { column in
      CategoryOrder.split(prompts, by: column).map { value, prompts in
        Category(
          column: column,
          value: value,
          count: prompts.count,
          scores: metrics.compactMap { Score($0, over: prompts) }
        )
      }
    }
  }

  /// A figure by its name.
  public subscript(_ name: String) -> Score? { scores.first { $0.name == name } }
}

/// Splits prompts by the value of a column.
public enum CategoryOrder {
  /// `difficulty` where that tells rows apart and does not scatter them.
  public static func usualColumns(of prompts: [EvaluatedPrompt]) -> [String] {
    let values = Set(prompts.map { $0.column("difficulty") })
    return (2...32).contains(values.count) ? ["difficulty"] : []
  }

  /// The prompts of each value: numbers in their order, then texts in the order of their bytes, then rows without a value.
  public static func split(
    _ prompts: [EvaluatedPrompt],
    by column: String
  ) -> [(value: String?, prompts: [EvaluatedPrompt])] {
    Dictionary(grouping: prompts) { $0.column(column) }
      .map { (value: $0.key, prompts: $0.value) }
      .sorted { precedes($0.value, $1.value) }
  }

  static func precedes(_ a: String?, _ b: String?) -> Bool {
    guard let a else { return false }
    guard let b else { return true }
    switch (Double(a), Double(b)) {
    case (let x?, let y?) where x != y: return x < y
    case (_?, nil): return true
    case (nil, _?): return false
    default: return a.utf8.lexicographicallyPrecedes(b.utf8)
    }
  }
}

extension Estimate {
  /// The estimate for programs; infinite ends become null.
  public var record: RecordValue {
    ["value": .double(value), "low": .double(low), "high": .double(high)]
  }
}

extension EvaluationScores {
  /// The figures for programs.
  public var record: RecordValue {
    [
      "set": .string(set), "mode": .string(mode), "num_generations": RecordValue(k),
      "count": RecordValue(count), "metrics": Self.record(scores),
      "categories": .array(
        categories.map {
          [
            "column": .string($0.column), "value": RecordValue($0.value),
            "count": RecordValue($0.count),
            "metrics": Self.record($0.scores),
          ]
        }
      ),
    ]
  }

  private static func record(_ scores: [Score]) -> RecordValue {
    .object(
      scores.map { score in
        guard case .object(let fields) = score.estimate.record else {
          preconditionFailure("an estimate is an object")
        }
        return RecordField(
          score.name,
          .object(fields + [RecordField("count", RecordValue(score.count))])
        )
      }
    )
  }
}
