import ArgumentParser
import BenchmarkFigures
import Foundation

/// `stepwise-bench race`: Stepwise and its strongest rivals by turns.
struct RaceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "race",
    abstract: "Stepwise and its rivals by turns, row by row.",
    discussion: """
      Every round measures the machine's limits, then Stepwise, then each rival, each in a process \
      of its own with a warm-up. Without the rivals' folder Stepwise runs alone. The table goes to \
      standard output after the last row, the JSON to --json.
      """
  )

  @OptionGroup var common: CommonOptions

  @Option(help: "Rows, parted by commas; default: all.")
  var rows: String?

  @Option(help: "Rounds of every row.")
  var rounds = 3

  @Option(help: "A file for the results.")
  var json: String?

  func validate() throws {
    _ = try BenchmarkRow.named(list: rows)
    guard rounds > 0 else { throw ValidationError("--rounds \(rounds): 1 or more") }
  }

  func run() throws {
    let rows = try BenchmarkRow.named(list: rows)
    if common.rivalFolder == nil { Report.note("no rivals' folder: Stepwise runs alone") }
    let runner = RaceRunner(common: common, rounds: rounds)
    var results = RaceResults(threads: common.threads)
    for row in rows {
      Report.note("\(row.name), \(common.precision.rawValue) ...")
      let result = try runner.run(row)
      results.rows.append(result)
      Report.note("  " + result.summary)
      // What is measured is kept, whatever becomes of the next row.
      if let json { try Data((Report.json(results) + "\n").utf8).write(to: URL(filePath: json)) }
    }
    print(results.table, terminator: "")
    if let json {
      print("\nresults: \(json)")
    } else {
      print("\n" + (try Report.json(results)))
    }
  }
}

/// All rows of a race.
struct RaceResults: Codable {
  var date = ISO8601DateFormatter().string(from: Date())
  var processor = RaceResults.processorName
  var threads: Int
  var rows: [RaceRow] = []

  init(threads: Int) { self.threads = threads }

  private static var processorName: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown"
  }

  /// As Markdown.
  var table: String {
    var table = MarkdownTable([
      "row", "Stepwise, tokens/s", "rival, tokens/s", "rival", "ratio", "of the limit",
      "peak GiB, own / rival",
    ])
    for row in rows {
      let rival = row.rivals.first
      let decoding = row.compares == "decode_tok_s" || (rival == nil && row.memoryShare != nil)
      let own = decoding ? row.stepwise.decodeRate ?? row.stepwise.rate : row.stepwise.rate
      let other = decoding ? rival?.decodeRate : rival?.rate
      table.add([
        row.row + (row.precision == .bf16 ? ", BF16" : ""),
        own.text,
        other?.text ?? "-",
        rival.map { $0.name + (decoding ? ", prefill excluded" : "") } ?? "-",
        row.ratio.map { NumberText.fixed($0, 2) } ?? "-",
        row.share,
        NumberText.short(row.stepwise.peakMemoryGiB) + " / "
          + (rival.map { NumberText.short($0.peakMemoryGiB) } ?? "-"),
      ])
    }
    return table.text
  }
}

extension RaceRow {
  /// The limit that binds the row, and its share.
  var share: String {
    guard let memoryShare, memoryShare > arithmeticShare else {
      return NumberText.percent(arithmeticShare) + " of \(precision.rawValue.uppercased())"
    }
    return NumberText.percent(memoryShare) + " of RAM"
  }

  /// One line for whoever watches.
  var summary: String {
    let rate = NumberText.short((stepwise.decodeRate ?? stepwise.rate).median)
    guard let ratio, let rival = rivals.first else { return "\(rate) tokens/s, alone; \(share)" }
    return "\(rate) tokens/s, \(NumberText.fixed(ratio, 2)) x \(rival.name); \(share)"
  }
}
