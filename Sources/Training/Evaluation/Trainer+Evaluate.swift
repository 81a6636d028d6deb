import Components
import RunStore

extension Trainer {
  /// Evaluates the policy on the held-out prompts, where the run has any; the result reaches strategy, files and observer.
  func evaluate() throws {
    guard let dataset = parts.evaluation else { return }
    let result = try Evaluator(
      configuration: configuration,
      rows: rows,
      rewards: rewards,
      generator: generator,
      endOfSequence: endOfSequence
    ).evaluate(dataset, step: state.step)
    let record = result.record
    state.evaluation = EvaluationSummary(
      step: record.step,
      accuracy: record.passAt1.value,
      low: record.passAt1.low,
      high: record.passAt1.high,
      count: record.count
    )
    try run.append(record.line, to: .evaluations)
    for sample in result.samples { try run.append(sample, to: .samples) }
    observer?.observe(.evaluated(record))
  }
}

extension EvaluationRecord {
  /// The record as a line of evaluations.jsonl. Outcomes are a string of 0 and 1, in the dataset's order.
  var line: Record {
    var line: Record = [
      "step": .int(Int64(step)), "count": .int(Int64(count)), "k": .int(Int64(k)),
      "eval_pass@1": .double(passAt1.value), "eval_pass@1_low": .double(passAt1.low),
      "eval_pass@1_high": .double(passAt1.high),
    ]
    if k > 1 {
      line["eval_pass@\(k)"] = .double(passAtK.value)
      line["eval_pass@\(k)_low"] = .double(passAtK.low)
      line["eval_pass@\(k)_high"] = .double(passAtK.high)
    }
    if let majAtK, k > 1 {
      line["eval_maj@\(k)"] = .double(majAtK.value)
      line["eval_maj@\(k)_low"] = .double(majAtK.low)
      line["eval_maj@\(k)_high"] = .double(majAtK.high)
    }
    line["eval_reward"] = .double(reward)
    line["eval_completions/mean_length"] = .double(completionLength)
    line["eval_completions/clipped_ratio"] = .double(clippedRatio)
    line["eval_runtime"] = .double(seconds)
    line["solved"] = .string(String(solved.map { $0 ? "1" : "0" }))
    return line
  }
}
