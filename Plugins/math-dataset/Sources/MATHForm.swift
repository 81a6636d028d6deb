import MathAnswers
import RowFiles
import StepwisePlugin

/// How a problem becomes an example, and which problems are wanted.
struct MATHForm {
  /// What a completion holds.
  enum Demonstration: String, CaseIterable {
    case solution, answer, none
  }

  private let template: PromptTemplate
  private let demonstration: Demonstration
  private let subjects: [String]?
  private let levels: ClosedRange<Int>

  init(_ parameters: Parameters) throws {
    template = try PromptTemplate(
      try parameters.string("prompt_template", default: "{problem}\n")
    )
    demonstration = try parameters.choice("demonstrations", default: .solution)
    subjects = parameters.value("subjects") == nil ? nil : try parameters.strings("subjects")
    let lowest = try parameters.int("min_level", default: 1)
    let highest = try parameters.int("max_level", default: 5)
    guard lowest <= highest else {
      throw PluginFailure(
        .argument,
        "max_level \(highest) is below min_level \(lowest); raise it"
      )
    }
    levels = lowest...highest
  }

  /// Whether the row is of the subjects and levels asked for. Rows without a subject or level are wanted where all are.
  func isWanted(_ row: Row) -> Bool {
    if let subjects {
      guard let subject = subject(row), subjects.contains(subject) else { return false }
    }
    if levels == 1...5 { return true }
    return level(row).map(levels.contains) ?? false
  }

  func example(_ row: Row, id: UInt64) throws -> Example {
    let problem = try row.text("problem", of: "MATH")
    let solution = try row.text("solution", of: "MATH")
    guard !problem.isEmpty, !solution.isEmpty else {
      throw row.failure(
        "the \(problem.isEmpty ? "problem" : "solution") is empty",
        cure: "fetch the file again, or set on_bad_row: skip"
      )
    }
    var answer = BoxedAnswer.last(in: solution)
    if case .string(let given)? = row["answer"] { answer = given }
    guard let answer else {
      throw row.failure(
        "the solution has no \\boxed answer and there is no column answer",
        cure: "add the column, or set on_bad_row: skip"
      )
    }
    // Two problems of the training set box nothing: "how many" of an empty list. They have a solution all the same.
    if answer.isEmpty, demonstration == .answer {
      throw row.failure("the boxed answer is empty", cure: "set on_bad_row: skip")
    }
    let completion: String? =
      switch demonstration {
      case .solution: solution
      case .answer: "\\boxed{\(answer)}"
      case .none: nil
      }
    var columns = [
      Column("problem", .text(problem)), Column("solution", .text(solution)),
      Column("answer", .text(answer)),
    ]
    if let subject = subject(row) { columns.append(Column("subject", .text(subject))) }
    let level = level(row)
    if let level { columns.append(Column("level", .int(Int64(level)))) }
    if case .string(let name)? = row["unique_id"] {
      columns.append(Column("unique_id", .text(name)))
    }
    return Example(
      id: id,
      prompt: .text(try template.fill(row)),
      completion: completion.map { .text($0) },
      difficulty: level.map(Double.init),
      columns: columns
    )
  }

  private func subject(_ row: Row) -> String? {
    if case .string(let subject)? = row["subject"] ?? row["type"] { return subject }
    return nil
  }

  /// 1 to 5: a number, or `Level 3`; two published problems have `Level ?`.
  private func level(_ row: Row) -> Int? {
    switch row["level"] {
    case .int(let level)? where (1...5).contains(level): return Int(level)
    case .string(let text)?:
      guard text.hasPrefix("Level "), let level = Int(text.dropFirst(6)) else { return nil }
      return (1...5).contains(level) ? level : nil
    default: return nil
    }
  }
}
