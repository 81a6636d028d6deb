import ArgumentParser
import BenchmarkFigures

/// `stepwise-bench measure ROW`: one row in this process, as a line of JSON. The race runs it, and so may anybody.
struct MeasureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure",
    abstract: "One row alone, in this process; prints a line of JSON."
  )

  @OptionGroup var common: CommonOptions

  @Argument(help: "A row of the race, for example sft-tiny.")
  var row: String

  @Option(help: "Timed repetitions; default: the row's own.")
  var repetitions: Int?

  func run() throws {
    let row = try BenchmarkRow.named(row)
    let backend = try WorkBackend(common.precision, threads: common.threads)
    let measured = try row.measure(
      WorkParts(backend: backend, models: common.models),
      pace: Pace(repetitions: repetitions ?? row.repetitions)
    )
    print(measured.line)
  }
}
