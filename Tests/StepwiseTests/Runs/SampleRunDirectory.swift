import Foundation
import RunStore

@testable import stepwise

/// A run directory made by hand, removed at the end.
final class SampleRunDirectory {
  let base: URL
  let url: URL

  static let configuration = """
    model: {config: {model_type: qwen2, hidden_size: 32}}
    tokenizer: word_level
    seed: 3
    max_steps: 6
    logging_steps: 1
    strategy: {plugin: org.example.sasr, parameters: {warm_up_steps: 2}}
    demonstrations: {plugin: knights-and-knaves}
    prompts: {plugin: knights-and-knaves}
    rewards: [knights-and-knaves]
    grpo: {beta: 0.01}

    """

  init(_ name: String = "made", in base: URL? = nil) throws {
    self.base =
      base
      ?? FileManager.default.temporaryDirectory.appending(
        path: "stepwise-runs-\(UUID().uuidString)",
        directoryHint: .isDirectory
      )
    url = self.base.appending(path: name, directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try write("config.yaml", Self.configuration)
  }

  deinit { try? FileManager.default.removeItem(at: base) }

  func write(_ name: String, _ text: String) throws {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(),
      withIntermediateDirectories: true
    )
    try Data(text.utf8).write(to: file)
  }

  func write(_ name: String, _ records: [Record]) throws {
    try write(name, records.map { $0.json + "\n" }.joined())
  }

  /// Decisions and metrics of steps of these kinds.
  func train(_ kinds: [String], changing: (Int, inout Record) -> Void = { _, _ in }) throws {
    try write(
      "decisions.jsonl",
      kinds.enumerated().map { ["step": RecordValue($0), "kind": .string($1), "grad_norm": 0.5] }
    )
    try write(
      "metrics.jsonl",
      kinds.enumerated().map { step, kind in
        var record: Record = [
          "step": RecordValue(step + 1), "loss": .double(1 / Double(step + 1)),
          "num_tokens": RecordValue(100 * (step + 1)), "step_time": .double(0.5 + Double(step)),
        ]
        if kind != "sft" { record["reward"] = .double(0.1 * Double(step)) }
        changing(step, &record)
        return record
      }
    )
  }

  /// An empty checkpoint of a step.
  func checkpoint(_ step: Int) throws {
    let digits = String(step)
    let name = "step-" + String(repeating: "0", count: 8 - digits.count) + digits
    try write("checkpoints/\(name)/manifest.json", "{}")
  }

  static func evaluation(_ step: Int, _ solved: String) -> Record {
    let share = Double(solved.filter { $0 == "1" }.count) / Double(solved.count)
    return [
      "step": RecordValue(step), "count": RecordValue(solved.count), "k": 1,
      "eval_pass@1": .double(share), "eval_pass@1_low": .double(share / 2),
      "eval_pass@1_high": .double((1 + share) / 2), "eval_runtime": .double(Double(step)),
      "solved": .string(solved),
    ]
  }
}
