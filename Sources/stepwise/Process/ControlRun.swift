import Components
import Foundation
import RunStore
import Training

/// The second run of a configuration with `control:`: from the checkpoint at which rollouts began, another strategy trains for as
/// long as the first one did from there. Weights, moments and data order are the same; the two differ in the strategy alone.
struct ControlRun {
  let session: TrainingSession
  let main: TrainingSession.Stretch

  static let directoryName = "control"

  /// - Returns: the row of the table, or `nil` where there is nothing to compare.
  func run() throws -> RunSummary.Accuracy? {
    var loaded = main.composition.loaded
    guard let strategy = loaded.configuration.control else { return nil }
    let kinds = try RunHistory.kinds(main.run.url)
    guard let branch = kinds.firstIndex(where: { $0 != .sft }), branch > 0 else {
      session.note("no control: the run has no warm-up, or no rollouts after it.")
      return nil
    }
    guard let checkpoint = checkpoint(at: branch) else {
      session.note(
        "no control: there is no checkpoint of step \(branch), where rollouts began. Set save_steps "
          + "to a divisor of \(branch) and save_total_limit high enough to keep it."
      )
      return nil
    }
    guard let steps = try stepsInSameTime(from: branch), steps > 0 else { return nil }
    loaded.configuration.strategy = strategy
    loaded.configuration.control = nil
    loaded.configuration.training.maxSteps = branch + steps
    loaded.configuration.training.saveSteps = 0
    loaded.configuration.training.evaluation.evalSteps = 0
    loaded.configuration.training.evaluation.evalOnStart = false

    let url = main.run.url.appending(path: Self.directoryName, directoryHint: .isDirectory)
    try? FileManager.default.removeItem(at: url)
    let composition = try session.compose(loaded, run: main.run.url)
    let stretch = try session.prepare(composition, try RunDirectory.create(at: url))
    try stretch.trainer.branch(from: checkpoint)
    stretch.watcher.preload(kinds: Array(kinds[..<branch]), evaluations: [])
    guard try session.execute(stretch) == .completed else {
      session.note("the control was interrupted; the run itself is complete.")
      return nil
    }
    return try row(of: url, branch: branch, strategy: composition.strategyName)
  }

  private func checkpoint(at step: Int) -> URL? {
    let digits = String(step)
    let name = "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    let url = main.run.url.appending(
      path: "checkpoints/\(name)",
      directoryHint: .isDirectory
    )
    return FileManager.default.fileExists(atPath: url.path) ? url : nil
  }

  /// How many warm-up steps fit into the time that the run's steps took from `branch` on. Times are those of metrics.jsonl, so
  /// that evaluations and pauses count for neither.
  private func stepsInSameTime(from branch: Int) throws -> Int? {
    var before = (seconds: 0.0, steps: 0.0)
    var after = 0.0
    var previous = 0.0
    for record in try main.run.records(in: .metrics) {
      guard let step = record["step"]?.number, let mean = record["step_time"]?.number else {
        continue
      }
      let count = step - previous
      previous = step
      if step <= Double(branch) {
        before.seconds += mean * count
        before.steps += count
      } else {
        after += mean * count
      }
    }
    guard before.steps > 0, before.seconds > 0 else { return nil }
    return Int((after / (before.seconds / before.steps)).rounded())
  }

  private func row(
    of url: URL,
    branch: Int,
    strategy: String
  ) throws -> RunSummary.Accuracy? {
    guard let result = try RunHistory.evaluations(url).last else { return nil }
    let base = try RunHistory.evaluations(main.run.url).last { $0.step <= branch }
    let isPaired = base.map { $0.solved.count == result.solved.count && !$0.solved.isEmpty }
    let gain =
      isPaired == true
      ? PairedComparison(before: base!.solved, after: result.solved).difference : nil
    return RunSummary.Accuracy(
      label: "control: \(strategy), same time",
      record: result,
      gain: gain
    )
  }
}
