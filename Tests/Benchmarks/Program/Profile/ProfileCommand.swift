import ArgumentParser
import BenchmarkFigures

/// `stepwise-bench profile ROW`: where the time of a step goes.
struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Time, operations and bytes of a row by part of the step."
  )

  @OptionGroup var common: CommonOptions

  @Argument(help: "A row of the race, for example sft-tiny.")
  var row: String

  @Option(help: "Timed repetitions; default: the row's own.")
  var repetitions: Int?

  @Option(help: "A file for the results.")
  var json: String?

  func run() throws {
    let row = try BenchmarkRow.named(row)
    let machine = try Machine.measureApart(threads: common.threads)
    let backend = try WorkBackend(common.precision, threads: common.threads, timed: true)
    guard let ledger = backend.timed?.ledger else { preconditionFailure("a timed backend") }
    let repetitions = repetitions ?? row.repetitions
    let pace = Pace(repetitions: repetitions, onWarm: { ledger.reset() })
    let measured = try row.measure(
      WorkParts(backend: backend, models: common.models),
      pace: pace
    )
    let profile = Profile(
      row: row.name,
      precision: common.precision,
      machine: machine,
      seconds: measured.samples.reduce(0, +),
      repetitions: repetitions,
      ledger: ledger
    )
    print(profile.table, terminator: "")
    if let json { try Report.write(profile, to: json) }
  }
}

/// Where the time of a row went.
struct Profile: Codable {
  /// One part, for one repetition.
  struct Part: Codable {
    var part: String
    var calls: Double
    var seconds: Double
    /// Of the whole repetition.
    var share: Double
    var gflops: Double
    var gbs: Double
    /// Of the machine's arithmetic.
    var arithmeticShare: Double
    /// Of the rate at which memory is read.
    var memoryShare: Double

    private enum CodingKeys: String, CodingKey {
      case part, calls, seconds, share, gflops, gbs
      case arithmeticShare = "arithmetic_share"
      case memoryShare = "memory_share"
    }
  }

  var row: String
  var precision: Precision
  var machine: Machine
  /// Of one repetition.
  var seconds: Double
  var parts: [Part]
  /// What no part accounts for: the host's own work between calls.
  var rest: Double

  init(
    row: String,
    precision: Precision,
    machine: Machine,
    seconds: Double,
    repetitions: Int,
    ledger: ProfileLedger
  ) {
    self.row = row
    self.precision = precision
    self.machine = machine
    let count = Double(repetitions)
    self.seconds = Statistics.significant(seconds / count)
    parts = ProfilePart.allCases.compactMap { part in
      let cost = ledger[part]
      guard cost.calls > 0 else { return nil }
      let gflops = cost.operations / max(cost.seconds, 1e-12) * 1e-9
      let gbs = cost.bytes / max(cost.seconds, 1e-12) * 1e-9
      let arithmetic = part.isProduct ? machine.gflops(precision) : machine.fp32GFLOPS
      return Part(
        part: part.name,
        calls: Double(cost.calls) / count,
        seconds: Statistics.significant(cost.seconds / count),
        share: Statistics.significant(cost.seconds / seconds, 3),
        gflops: Statistics.significant(gflops, 3),
        gbs: Statistics.significant(gbs, 3),
        arithmeticShare: Statistics.significant(gflops / arithmetic, 3),
        memoryShare: Statistics.significant(gbs / machine.readGBs, 3)
      )
    }.sorted { $0.seconds > $1.seconds }
    rest = Statistics.significant((seconds - ledger.seconds) / count, 3)
  }

  /// As Markdown.
  var table: String {
    var table = MarkdownTable([
      "part of \(row), \(precision.rawValue)", "calls", "ms", "share", "GFLOP/s", "GB/s",
      "of arithmetic", "of RAM",
    ])
    for part in parts {
      table.add([
        part.part, NumberText.fixed(part.calls), NumberText.fixed(part.seconds * 1e3, 2),
        NumberText.percent(part.share, 1), NumberText.short(part.gflops),
        NumberText.short(part.gbs), NumberText.percent(part.arithmeticShare),
        NumberText.percent(part.memoryShare),
      ])
    }
    table.add([
      "rest: the host between calls", "", NumberText.fixed(rest * 1e3, 2),
      NumberText.percent(rest / seconds, 1),
    ])
    table.add(["one repetition", "", NumberText.fixed(seconds * 1e3, 2), "100.0 %"])
    return table.text
  }
}
