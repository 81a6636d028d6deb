import ArgumentParser
import Components
import Foundation
import PluginConformance
import PluginHost

/// `stepwise plugin bench`: what a plugin costs.
struct PluginBenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Time a plugin's calls, in-process and isolated.",
    discussion: """
      The share of a step compares the median call with the median step_time of a run's metrics.jsonl: \
      of the run that --run names, else of the newest in runs/.
      """
  )

  @OptionGroup var target: PluginTargetOptions

  @Option(help: "Rows to make batches of, as a batch file.")
  var batch: String?

  @Option(help: "Completions of a batch, or rows of a read.")
  var items = 64

  @Option(help: "How long calls are made at each place, in seconds.")
  var seconds = 1.0

  @Option(name: .customLong("run"), help: "The folder of a run whose steps to compare with.")
  var comparedRun: String?

  @Flag(help: "One JSON object a line.")
  var json = false

  func validate() throws {
    guard items > 0 else { throw ValidationError("--items: \(items) is not above 0.") }
    guard seconds > 0, seconds <= 600 else {
      throw ValidationError("--seconds: \(seconds) is not above 0 and at most 600.")
    }
  }

  func run() throws {
    let target = try target.target()
    let parameters = try self.target.given()
    let metrics = try Self.metrics(comparedRun)
    for component in target.components {
      let subject = target.subject(component, parameters: parameters, batchFile: batch)
      let benchmark = Benchmark(subject, items: items, seconds: seconds)
      var rows: [Benchmark.Row] = []
      if target.manifest.runtime == .native {
        rows.append(try benchmark.inProcess(on: try .own(library: target.library)))
      }
      rows.append(try benchmark.isolated())
      let step = metrics.flatMap { Benchmark.stepSeconds(metrics: $0.bytes, kind: component.kind) }
      try show(component, rows, step: step, of: metrics?.name)
    }
  }

  /// The metrics of a run.
  private static func metrics(_ run: String?) throws -> (name: String, bytes: [UInt8])? {
    if let run {
      let data = try Data(contentsOf: URL(filePath: "\(run)/metrics.jsonl"))
      return (run, Array(data))
    }
    let manager = FileManager.default
    let runs = ((try? manager.contentsOfDirectory(atPath: "runs")) ?? []).compactMap {
      name -> (String, Date)? in
      let attributes = try? manager.attributesOfItem(atPath: "runs/\(name)/metrics.jsonl")
      return (attributes?[.modificationDate] as? Date).map { ("runs/\(name)", $0) }
    }
    guard let newest = runs.max(by: { $0.1 < $1.1 })?.0 else { return nil }
    return (newest, Array(try Data(contentsOf: URL(filePath: "\(newest)/metrics.jsonl"))))
  }

  private func show(
    _ component: PluginManifest.Component,
    _ rows: [Benchmark.Row],
    step: Double?,
    of run: String?
  ) throws {
    if json {
      for row in rows {
        try StandardOutput.write(
          ParameterValue.object([
            ParameterEntry("component", .string(component.id)),
            ParameterEntry("place", .string(row.place)),
            ParameterEntry("calls_per_second", .double(row.callsPerSecond)),
            ParameterEntry("median_ns", .double(row.median)),
            ParameterEntry("p99_ns", .double(row.p99)),
            ParameterEntry("units", .int(Int64(row.units))),
            ParameterEntry("unit", .string(row.unit)),
            ParameterEntry("ns_per_unit", .double(row.median / Double(row.units))),
            ParameterEntry("share_of_step", step.map { .double(row.median * 1e-9 / $0) } ?? .null),
          ]).json + "\n"
        )
      }
      return
    }
    let unit = rows[0].unit
    var table = TextTable(columns: [
      .init(title: component.id), .init(title: "calls/s", alignment: .right),
      .init(title: "ns/\(unit)", alignment: .right), .init(title: "median µs", alignment: .right),
      .init(title: "p99 µs", alignment: .right), .init(title: "of a step", alignment: .right),
    ])
    for row in rows {
      table.rows.append([
        Span(row.place, .strong), Span(NumberText.quantity(row.callsPerSecond)),
        Span(NumberText.short(row.median / Double(row.units))),
        Span(NumberText.fixed(row.median / 1000, 1)), Span(NumberText.fixed(row.p99 / 1000, 1)),
        Span(step.map { "\(NumberText.short(row.median * 1e-7 / $0)) %" } ?? "–"),
      ])
    }
    var text = table.shown() + "\(rows[0].units) \(unit)\(rows[0].units == 1 ? "" : "s") a call"
    if let step, let run {
      text += "; a step of \(run) takes \(NumberText.fixed(1000 * step, 1)) ms"
    } else {
      text += "; for the share of a step give --run RUN"
    }
    try StandardOutput.write(text + "\n")
  }
}
