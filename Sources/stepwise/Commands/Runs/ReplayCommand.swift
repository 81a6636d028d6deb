import ArgumentParser
import LanguageModels
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
    let weights = result.comparisons.filter { comparison in
      let name = comparison.file.split(separator: "/").last.map(String.init) ?? ""
      return name == AdapterDirectory.tensorsName
        || (WeightsFile.isOne(name) && name.hasSuffix(".safetensors"))
    }
    if json {
      var record: Record = [
        "run": .string(source.shown), "replay": .string(ProcessPaths.shown(result.url)),
        "steps": .int(Int64(result.steps)), "interventions": .int(Int64(result.interventions)),
        "equal": .bool(result.isEqual),
      ]
      func joined(_ digests: [String?]) -> RecordValue {
        let known = digests.compactMap { $0 }
        return known.isEmpty ? .null : .string(known.joined(separator: " "))
      }
      record["weights"] = joined(weights.map(\.whole))
      record["replayed_weights"] = joined(weights.map(\.other))
      record["different"] = .array(
        result.comparisons.filter { !$0.isEqual }.map { .string($0.file) }
      )
      try StandardOutput.write(record.json + "\n")
    } else {
      var lines = [
        "\(result.steps) steps and \(result.interventions) interventions of \(source.shown), again in "
          + ProcessPaths.shown(result.url)
      ]
      for file in weights {
        lines.append("weights, SHA-256: \(file.whole ?? "none")")
        lines.append("          replayed: \(file.other ?? "none")")
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
