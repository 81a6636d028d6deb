import ArgumentParser
import Components
import RunStore
import Training

/// `stepwise runs compare`.
struct RunsCompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Where two runs part, and where they end.",
    discussion: """
      Compared bit by bit are decisions, metrics, rollouts and evaluations; columns that say how long \
      something took are left out. Accuracies are paired where both runs were judged on the same \
      held-out rows.
      """
  )

  @Argument(help: "A run: its directory, its name below ./runs, or `latest`.")
  var first: String

  @Argument(help: "The run to compare with it.")
  var second: String

  @Option(name: .customLong("metric"), help: "A metric to draw. May be given several times.")
  var metrics: [String] = []

  @Flag(help: "Exit with 1 where anything recorded differs, times aside.")
  var exact = false

  @Flag(help: "JSON.")
  var json = false

  func run() throws {
    let comparison = try RunComparison(
      StoredRun(RunReference(first)),
      StoredRun(RunReference(second)),
      metrics: metrics
    )
    if json {
      try StandardOutput.write(comparison.record.json + "\n")
    } else {
      let device = TerminalDevice()
      let columns = device.form == .screen ? device.size.columns - 2 : 96
      let report = RunComparisonReport(comparison, columns: columns, glyphs: device.glyphs)
      try StandardOutput.write(report.lines.shown(device))
    }
    if exact, !comparison.isExact { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}

extension RunComparison {
  /// The comparison for programs.
  var record: Record {
    func pairs(_ items: [PluginDifference]) -> RecordValue {
      .array(
        items.map {
          [
            "name": .string($0.slot), "a": RecordValue($0.first), "b": RecordValue($0.second),
          ]
        }
      )
    }
    var record: Record = [
      "a": .object(first.record(metrics: []).fields),
      "b": .object(second.record(metrics: []).fields),
      "exact": .bool(isExact),
      "configuration": pairs(
        configuration.map {
          PluginDifference(slot: $0.key, first: $0.first, second: $0.second)
        }
      ),
      "plugins": pairs(plugins), "numerics": pairs(numerics),
    ]
    record["parting_step"] = parting.map { RecordValue($0.step) } ?? .null
    record["streams"] = .array(
      streams.map { stream in
        let found = stream.comparison.difference
        return [
          "name": .string(stream.name), "compared": RecordValue(stream.comparison.compared),
          "step": RecordValue(found?.step), "field": RecordValue(found?.field),
          "a": RecordValue(found?.first), "b": RecordValue(found?.second),
          "only_a": RecordValue(stream.comparison.surplus.first),
          "only_b": RecordValue(stream.comparison.surplus.second),
        ]
      }
    )
    record["same_weights"] = sameWeights.map { .bool($0) } ?? .null
    record["metrics"] = .object(
      metrics.map { name in
        func points(_ run: StoredRun) -> RecordValue {
          .array(run.metrics.series(name).map { [.double($0.step), .double($0.value)] })
        }
        return RecordField(name, ["a": points(first), "b": points(second)])
      }
    )
    record["paired"] =
      paired.map { paired in
        [
          "difference": .double(paired.difference.value), "low": .double(paired.difference.low),
          "high": .double(paired.difference.high), "count": RecordValue(paired.count),
          "gained": RecordValue(paired.gained), "lost": RecordValue(paired.lost),
          "mcnemar_p": .double(paired.mcNemarP),
        ]
      } ?? .null
    return record
  }
}
