import ArgumentParser
import BenchmarkFigures
import Foundation

/// `stepwise-bench scale`: tokens a second as work grows.
struct ScaleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scale",
    abstract: "Tokens/s against model size, sequence length, group size and vocabulary.",
    discussion: """
      Every point is the median of a few repetitions after a warm-up. Each sweep has a quarter of \
      --minutes; a point that would not fit into what is left of it is left out, and said.
      """
  )

  @OptionGroup var common: CommonOptions

  @Option(help: "Sweeps, parted by commas: model, sequence, group, vocabulary.")
  var sweeps = "model,sequence,group,vocabulary"

  @Option(help: "Minutes for all sweeps together.")
  var minutes = 7.0

  @Option(help: "A file for the results.")
  var json: String?

  @Option(help: "A folder for the plots, one SVG file a sweep.")
  var plots: String?

  func run() throws {
    let names = sweeps.split(separator: ",").map(String.init)
    var results: [Sweep] = []
    for name in names {
      let box = TimeBox(seconds: minutes * 60 / Double(names.count))
      let runner = SweepRunner(common: common, box: box)
      switch name {
      case "model": results.append(try runner.modelSize())
      case "sequence": results.append(try runner.sequenceLength())
      case "group": results.append(try runner.groupSize())
      case "vocabulary": results.append(try runner.vocabulary())
      default:
        throw ValidationError(
          "--sweeps \(name): expected model, sequence, group or vocabulary"
        )
      }
    }
    var table = MarkdownTable(["sweep", "work", "points", "exponent of tokens/s", "explained"])
    for sweep in results {
      for line in sweep.lines {
        table.add([
          sweep.title, line.name, "\(line.points.count)",
          line.fit.map { NumberText.fixed($0.exponent, 2) } ?? "-",
          line.fit.map { NumberText.percent($0.explained) } ?? "-",
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
