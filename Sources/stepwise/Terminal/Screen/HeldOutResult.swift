import RunStore
import Training

/// What the screen and the summary show of an evaluation.
struct HeldOutResult: Equatable, Sendable {
  /// After how many optimizer steps.
  var step: Int
  /// Prompts evaluated.
  var count: Int
  /// pass@1 with its interval.
  var accuracy: Estimate
  /// Whether each prompt was solved: the basis of paired comparisons.
  var solved: [Bool]

  init(step: Int, count: Int, accuracy: Estimate, solved: [Bool]) {
    self.step = step
    self.count = count
    self.accuracy = accuracy
    self.solved = solved
  }

  init(_ record: EvaluationRecord) {
    self.init(
      step: record.step,
      count: record.count,
      accuracy: record.passAt1,
      solved: record.solved
    )
  }

  /// Reads a line of evaluations.jsonl; `nil` when it is not one.
  init?(_ line: Record) {
    guard let step = line["step"]?.number, let count = line["count"]?.number,
      let value = line["eval_pass@1"]?.number, let low = line["eval_pass@1_low"]?.number,
      let high = line["eval_pass@1_high"]?.number
    else { return nil }
    let outcomes = line["solved"]?.text ?? ""
    self.init(
      step: Int(step),
      count: Int(count),
      accuracy: Estimate(value: value, low: low, high: high),
      solved: outcomes.utf8.map { $0 == UInt8(ascii: "1") }
    )
  }
}
