import Components
import Training

/// Which prompts of an evaluation are shown.
struct SampleFilter {
  /// Whether a completion is correct; `nil`: either.
  var passed: Bool?
  /// A set of rows; `nil`: all.
  var set: String?
  /// A mode; `nil`: all.
  var mode: String?
  /// Columns with their values; a value without a column is that of any.
  var categories: [(column: String?, value: String)] = []
  /// Rows by their places in the dataset; empty: all.
  var rows: [Int] = []

  /// A filter that cannot be met.
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// The prompts that it lets through, in order.
  ///
  /// - Throws: `UsageError` where a set, a mode, a category or a row is not in the evaluation at all.
  func prompts(of evaluation: StoredEvaluation) throws -> [EvaluatedPrompt] {
    try check("--set", set, among: evaluation.sets)
    try check("--mode", mode, among: evaluation.modes)
    let columns = EvaluationReport.unique(evaluation.prompts.flatMap { $0.columns.map(\.name) })
    for category in categories {
      try check("--category", category.column, among: columns)
      if !evaluation.prompts.contains(where: { matches($0, category) }) {
        let of = category.column.map { " in the column \($0)" } ?? ""
        throw failure(
          "--category: no prompt has the value \(category.value)\(of)",
          columns,
          of: "Columns"
        )
      }
    }
    for row in rows where !evaluation.prompts.contains(where: { $0.row == row }) {
      let last = evaluation.prompts.map(\.row).max() ?? 0
      throw failure(
        "--prompt: there is no row \(row); rows are counted from 0 to \(last)",
        [],
        of: ""
      )
    }
    return evaluation.prompts.filter { prompt in
      (passed == nil || passed == (prompt.correct > 0)) && (set ?? prompt.set) == prompt.set
        && (mode ?? prompt.mode) == prompt.mode && (rows.isEmpty || rows.contains(prompt.row))
        && categories.allSatisfy { matches(prompt, $0) }
    }
  }

  private func matches(
    _ prompt: EvaluatedPrompt,
    _ category: (column: String?, value: String)
  ) -> Bool {
    prompt.columns.contains {
      $0.value == category.value && (category.column ?? $0.name) == $0.name
    }
  }

  private func check(_ option: String, _ name: String?, among names: [String]) throws {
    guard let name, !names.contains(name) else { return }
    let near = nearestName(to: name, among: names).map { " Did you mean \($0)?" } ?? ""
    throw failure("\(option): the evaluation has no \(name).\(near)", names, of: "There are")
  }

  private func failure(_ text: String, _ names: [String], of what: String) -> UsageError {
    let list = names.isEmpty ? "" : " \(what): \(names.joined(separator: ", "))."
    let end = text.hasSuffix("?") || text.hasSuffix(".") ? "" : "."
    return UsageError(error: Failure(description: text + end + list))
  }
}
