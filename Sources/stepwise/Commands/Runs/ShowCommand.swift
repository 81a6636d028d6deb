import ArgumentParser
import Components
import Foundation
import RunStore
import Training

/// `stepwise runs show`.
struct RunsShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "What a run is, what it did step by step, and where that led.",
    discussion: """
      The strip has a column for each optimizer step: which kind it was. Marks under it are \
      interventions, which are listed below it. A metric's line says its last value, its course over \
      the run and its range.
      """
  )

  @Argument(
    help: ArgumentHelp(
      "A run: its directory, its name below ./runs, or `latest`.",
      valueName: "run"
    )
  )
  var target: String

  @Option(name: .customLong("metric"), help: "A metric to draw. May be given several times.")
  var metrics: [String] = []

  @Option(help: "Write strip, interventions and main curves here as a picture (SVG).")
  var picture: String?

  @Flag(help: "JSON.")
  var json = false

  func run() throws {
    let run = try StoredRun(RunReference(target))
    let names = try run.metrics.resolve(metrics, run: run.shown)
    if let picture {
      let columns = 100
      let report = RunReport(run, metrics: names, columns: columns, glyphs: .unicode)
      let svg = ScreenPicture.svg(report.picture, columns: columns)
      try Data(svg.utf8).write(to: URL(filePath: picture))
    }
    if json { return try StandardOutput.write(run.record(metrics: names).json + "\n") }
    let device = TerminalDevice()
    let columns = device.form == .screen ? device.size.columns - 2 : 96
    let report = RunReport(run, metrics: names, columns: columns, glyphs: device.glyphs)
    try StandardOutput.write(report.lines.shown(device))
  }
}

extension [StyledLine] {
  /// The lines as the terminal shows them; a screen cuts what it has no room for.
  func shown(_ device: TerminalDevice = TerminalDevice()) -> String {
    let columns = device.form == .screen ? device.size.columns : .max
    return map { $0.clipped(to: columns).ansi(colour: device.hasColour) + "\n" }.joined()
  }
}

extension StoredRun {
  /// The run for programs.
  func record(metrics names: [String]) -> Record {
    var record = overview.record
    record["parameters"] = parameterCount.map { RecordValue($0) } ?? .null
    record["seed"] = .int(Int64(clamping: configuration.training.seed))
    record["tokens"] = tokens.map { RecordValue($0) } ?? .null
    record["seconds"] = RecordValue(seconds)
    record["numerics"] = .object(
      (provenance?.numerics ?? [:]).sorted { $0.key < $1.key }
        .map { RecordField($0.key, .string($0.value)) }
    )
    record["plugins"] = .array(
      (provenance?.plugins ?? []).map { plugin in
        [
          "slot": .string(plugin.slot), "id": .string(plugin.id),
          "version": .string(plugin.version), "digest": .string(plugin.digest),
        ]
      }
    )
    record["kinds"] = .array(steps.map { .string($0.kind.name) })
    record["first_step"] = steps.first.map { RecordValue($0.step) } ?? .null
    record["metrics"] = .object(
      names.map { name in
        let points = metrics.series(name)
        return RecordField(
          name,
          .array(points.map { [.double($0.step), .double($0.value)] })
        )
      }
    )
    record["evaluations"] = .array(heldOut.map(\.record))
    record["interventions"] = .array(journal.map { .object($0.fields) })
    record["checkpoints"] = .array(checkpoints.map { RecordValue($0.step) })
    record["resumptions"] = .array(
      (provenance?.resumptions ?? []).map { resumption in
        [
          "step": RecordValue(resumption.step), "at": .string(resumption.at),
          "changes": .array(resumption.changes.map(RecordValue.string)),
        ]
      }
    )
    return record
  }
}
