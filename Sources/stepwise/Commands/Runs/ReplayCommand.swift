import ArgumentParser
import RunStore

/// `stepwise runs replay`.
struct RunsReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract:
      "Train a run again from its beginning, with all that was done to it, and compare the bits.",
    discussion: """
      Plugins are those that the run kept, and its journal is carried out at the same steps. Exits with 1 \
      where the newest checkpoint or a stream differs, times aside.
      """
  )

  @Argument(
    help: ArgumentHelp(
      "A run: its directory, its name below ./runs, or `latest`.",
      valueName: "run"
    )
  )
  var name: String

  @Option(name: .shortAndLong, help: "Where the replay goes; default: RUN-replay.")
  var output: String?

  @Flag(help: "JSON.")
  var json = false

  func run() throws {
    let source = try RunReference(name)
    let result = try RunReplay(
      source: source,
      output: output,
      session: TrainingSession(json: json)
    ).run()
    for note in result.notes { StandardError.write("stepwise: \(note)") }
    let weights = result.comparisons.first { $0.file.hasSuffix("model.safetensors") }
    if json {
      var record: Record = [
        "run": .string(source.shown), "replay": .string(ProcessPaths.shown(result.url)),
        "steps": .int(Int64(result.steps)), "interventions": .int(Int64(result.interventions)),
        "equal": .bool(result.isEqual),
      ]
      record["weights"] = weights?.whole.map { .string($0) } ?? .null
      record["replayed_weights"] = weights?.other.map { .string($0) } ?? .null
      record["different"] = .array(
        result.comparisons.filter { !$0.isEqual }.map { .string($0.file) }
      )
      try StandardOutput.write(record.json + "\n")
    } else {
      var lines = [
        "\(result.steps) steps and \(result.interventions) interventions of \(source.shown), again in "
          + ProcessPaths.shown(result.url)
      ]
      if let weights {
        lines.append("weights, SHA-256: \(weights.whole ?? "none")")
        lines.append("          replayed: \(weights.other ?? "none")")
      }
      for file in result.comparisons where !file.isEqual { lines.append("differs: \(file.file)") }
      lines.append(
        result.isEqual
          ? "bit for bit the same: \(result.comparisons.count) files" : "not the same"
      )
      try StandardOutput.write(lines.map { $0 + "\n" }.joined())
    }
    if !result.isEqual { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}
