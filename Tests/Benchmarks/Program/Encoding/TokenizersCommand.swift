import ArgumentParser
import BenchmarkFigures
import Foundation

/// `stepwise-bench tokenizers`: encoding beside the Rust library `tokenizers`, one thread each, by turns.
struct TokenizersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizers",
    abstract: "Encoding beside the library `tokenizers`, one thread each.",
    discussion: """
      Needs real tokenizers and texts (--data) and, for the rival, the rivals' venv. Each contestant runs in a process of \
      its own, by turns; the ratio is that of the medians of the timed times through, the rival's better way counting. \
      Both must give the same ids.
      """
  )

  @OptionGroup var common: CommonOptions

  @Option(
    help:
      "The folder with gsm8k/, kk/ and tokenizers/; default: data of $STEPWISE_SHARED or ../shared."
  )
  var data: String?

  @Option(help: "Tokenizers, parted by commas.")
  var tokenizers = "gpt2,qwen2.5,mistral-v0.1"

  @Option(help: "Sets of texts, parted by commas.")
  var texts = "gsm8k,kk"

  @Option(help: "Rounds of every row.")
  var rounds = 3

  @Option(help: "Timed times through the texts in each round.")
  var repetitions = 3

  @Option(help: "A file for the results.")
  var json: String?

  /// One tokenizer on one set of texts.
  struct Row: Codable {
    var tokenizer: String
    var texts: String
    var own: [EncodeMeasurement] = []
    var rival: [EncodeMeasurement] = []
    var sameIDs: Bool?

    /// Megabytes a second of all timed times through.
    static func rates(_ measured: [EncodeMeasurement]) -> [Double] {
      measured.flatMap { one in one.best.map { Double(one.bytes) / $0 / 1e6 } }
    }

    static func firstRates(_ measured: [EncodeMeasurement]) -> [Double] {
      measured.map { Double($0.bytes) / $0.first / 1e6 }
    }
  }

  func validate() throws {
    guard rounds > 0, repetitions > 0 else {
      throw ValidationError("--rounds and --repetitions: 1 or more")
    }
  }

  func run() throws {
    let source = try EncodingTexts(data: data ?? Self.sharedData)
    defer { source.remove() }
    if common.rivalFolder?.python == nil { Report.note("no rivals' venv: Stepwise runs alone") }
    var rows: [Row] = []
    for set in texts.split(separator: ",").map(String.init) {
      for name in tokenizers.split(separator: ",").map(String.init) {
        rows.append(
          try measure(name, set, try source.tokenizer(name), try source.texts(set))
        )
      }
    }
    print(Self.table(rows), terminator: "")
    if let json { try Report.write(rows, to: json) }
  }

  private func measure(
    _ name: String,
    _ set: String,
    _ tokenizer: String,
    _ texts: String
  ) throws -> Row {
    Report.note("\(name) on \(set) ...")
    var row = Row(tokenizer: name, texts: set)
    for _ in 0..<rounds {
      row.own.append(
        try Self.run(
          ChildProcess(
            program: CommandLine.ownPath,
            arguments: ["encode", tokenizer, texts, "--repetitions", "\(repetitions)"]
          )
        )
      )
      guard let python = common.rivalFolder?.python else { continue }
      row.rival.append(
        try Self.run(
          ChildProcess(
            program: python,
            arguments: [RivalFolder.scripts + "/encode.py", tokenizer, texts, "\(repetitions)"],
            environment: ["RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"]
          )
        )
      )
    }
    if let rival = row.rival.first, let own = row.own.first {
      row.sameIDs = own.checksum == rival.checksum && own.tokens == rival.tokens
    }
    return row
  }

  private static func run(_ process: ChildProcess) throws -> EncodeMeasurement {
    let result = try process.run()
    guard result.status == 0 else {
      throw ChildProcess.Failure.status(
        program: process.program,
        status: result.status,
        complaint: result.complaint
      )
    }
    guard let measured = EncodeMeasurement.last(in: result.output) else {
      throw ChildProcess.Failure.output(program: process.program, output: result.output)
    }
    return measured
  }

  private static func table(_ rows: [Row]) -> String {
    var table = MarkdownTable([
      "tokenizer", "texts", "MB", "tokens", "same ids", "Stepwise, MB/s", "tokenizers, MB/s",
      "ratio",
      "first time: MB/s", "tokenizers", "ratio",
    ])
    for row in rows {
      let (own, rival) = (Row.rates(row.own), Row.rates(row.rival))
      let (first, rivalFirst) = (Row.firstRates(row.own), Row.firstRates(row.rival))
      func ratio(_ a: [Double], _ b: [Double]) -> String {
        b.isEmpty ? "-" : NumberText.fixed(Statistics.ratio(a, to: b), 1)
      }
      func median(_ values: [Double]) -> String {
        values.isEmpty ? "-" : NumberText.short(Statistics.median(values))
      }
      table.add([
        row.tokenizer, row.texts, NumberText.short(Double(row.own.first?.bytes ?? 0) / 1e6),
        NumberText.fixed(Double(row.own.first?.tokens ?? 0)),
        row.sameIDs.map { $0 ? "yes" : "NO" } ?? "-", median(own), median(rival), ratio(own, rival),
        median(first), median(rivalFirst), ratio(first, rivalFirst),
      ])
    }
    return table.text
  }

  private static var sharedData: String {
    let shared =
      ProcessInfo.processInfo.environment["STEPWISE_SHARED"]
      ?? URL(filePath: RivalFolder.scripts).appending(path: "../../../../shared").standardized.path
    return shared + "/data"
  }
}
