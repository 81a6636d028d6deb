import ArgumentParser
import BenchmarkFigures
import Foundation

/// `stepwise-bench scale`: tokens a second as work grows.
struct ScaleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scale",
    abstract: "Tokens/s against model size, sequence length, group size and vocabulary.",
    discussion: """
      Every point is the best of the repetitions in several passes over its sweep. The sweeps share \
      --minutes; points that do not fit are left out, and said.
      """
  )

  @OptionGroup var common: CommonOptions

  @Option(help: "Sweeps, parted by commas: \(Self.known). Default: all.")
  var sweeps = Self.known

  private static let known = SweepPlan.all.map(\.name).joined(separator: ",")

  @Option(help: "Minutes for all sweeps together.")
  var minutes = 7.0

  @Option(help: "A file for the results.")
  var json: String?

  @Option(help: "A folder for the plots, one SVG file a sweep.")
  var plots: String?

  func run() throws {
    let names = sweeps.split(separator: ",").map(String.init)
    let plans = try names.map { name in
      guard let plan = SweepPlan.all.first(where: { $0.name == name }) else {
        throw ValidationError("--sweeps \(name): there are \(Self.known)")
      }
      return plan
    }
    let end = Stopwatch.now + minutes * 60
    let results = try plans.enumerated().map { index, plan in
      // What one sweep leaves over goes to those after it.
      let seconds = (end - Stopwatch.now) / Double(plans.count - index)
      return try SweepRunner(common: common, seconds: seconds).run(plan)
    }
    var table = MarkdownTable(["sweep", "work", "points", "exponent of tokens/s", "at the end", ""])
    for sweep in results {
      for line in sweep.lines {
        table.add([
          sweep.title, line.name, "\(line.points.count)",
          line.fit.map { NumberText.fixed($0.exponent, 2) } ?? "-",
          line.end.map { NumberText.fixed($0, 2) } ?? "-", line.note ?? "",
        ])
      }
    }
    print(table.text, terminator: "")
    if let plots { try draw(results, in: URL(filePath: plots)) }
    if let json { try Report.write(results, to: json) }
  }

  private func draw(_ sweeps: [Sweep], in folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for sweep in sweeps {
      guard let svg = sweep.svg else { continue }
      let file = folder.appending(path: sweep.name + ".svg")
      try Data(svg.utf8).write(to: file)
      Report.note("drawn: \(file.path)")
    }
  }
}
