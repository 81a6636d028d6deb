import ArgumentParser
import Foundation
import RunStore
import Training

/// `stepwise runs list`.
struct RunsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "The runs below a folder, the newest first.",
    discussion: """
      A run is running while a process writes into it; finished when its last step is done; stopped \
      when it ended before, with a checkpoint; failed when it ended without a checkpoint of its last \
      step (killed, or failed at the start). A run that counts epochs has no number of steps: ended.
      """
  )

  @Argument(help: "The folder.")
  var directory = RunReference.base

  @Flag(help: "One JSON object a line.")
  var json = false

  func run() throws {
    let runs = try RunOverview.all(below: directory)
    if json {
      try StandardOutput.write(runs.map { $0.record.json + "\n" }.joined())
    } else if runs.isEmpty {
      try StandardOutput.write("No runs below \(directory).\n")
    } else {
      try StandardOutput.write(Self.table(runs).shown())
    }
    for run in runs {
      if let problem = run.problem { StandardError.write("stepwise: \(problem)") }
    }
    if runs.contains(where: { $0.problem != nil }) { throw ExitCode(ExitStatus.failed.rawValue) }
  }

  static func table(_ runs: [RunOverview]) -> TextTable {
    var table = TextTable(columns: [
      .init(title: "run"), .init(title: "started"), .init(title: "strategy"),
      .init(title: "steps", alignment: .right), .init(title: "state"),
      .init(title: "held out", alignment: .right), .init(title: "95 % interval"),
      .init(title: "size", alignment: .right),
    ])
    for run in runs {
      let total = run.horizon.map(NumberText.grouped) ?? "–"
      table.rows.append([
        Span(run.name.printable, .strong), Span(run.started ?? "–", .quiet),
        Span((run.strategy ?? "–").printable),
        Span("\(NumberText.grouped(run.steps)) of \(total)"),
        Span(run.state.rawValue, run.state.style),
        Span(run.accuracy.map { NumberText.fixed($0.accuracy.value, 3) } ?? "–"),
        Span(run.accuracy?.accuracy.interval ?? ""), Span(NumberText.bytes(run.size)),
      ])
    }
    return table
  }
}

extension RunOverview.State {
  fileprivate var style: TextStyle {
    switch self {
    case .running: TextStyle(colour: .rl)
    case .finished: TextStyle(colour: .good)
    case .stopped, .ended: .plain
    case .failed, .damaged: .strong
    }
  }
}

extension RunOverview {
  /// The run for programs.
  var record: Record {
    [
      "name": .string(name), "path": .string(url.path), "started": RecordValue(started),
      "strategy": RecordValue(strategy), "steps": RecordValue(steps),
      "max_steps": horizon.map { RecordValue($0) } ?? .null, "state": .string(state.rawValue),
      "accuracy": accuracy.map { $0.record } ?? .null, "bytes": RecordValue(size),
      "problem": RecordValue(problem),
    ]
  }
}

extension HeldOutResult {
  /// The result for programs.
  var record: RecordValue {
    [
      "step": RecordValue(step), "value": .double(accuracy.value), "low": .double(accuracy.low),
      "high": .double(accuracy.high), "count": RecordValue(count),
    ]
  }
}
