import ArgumentParser
import BenchmarkFigures

/// `stepwise-bench overhead`: what plugins cost, and what a start costs.
struct OverheadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "overhead",
    abstract: "Plugin calls in real GRPO steps, and start-up to the end of the first step.",
    discussion: """
      Strategy, dataset and reward of a GRPO run are compiled in, loaded into this process, and run \
      in processes of their own, by turns. What is compared is the time inside of their calls, \
      within the same steps: whole steps differ by more than plugins cost.
      """
  )

  @OptionGroup var common: CommonOptions

  @Option(help: "Timed steps of each of the three, in each round.")
  var steps = 5

  @Option(help: "Rounds.")
  var rounds = 2

  @Option(help: "Starts of each configuration.")
  var starts = 5

  @Option(help: "A file for the results.")
  var json: String?

  func run() throws {
    let results = OverheadResults(
      plugins: try plugins(),
      starts: try startUps()
    )
    print(results.table, terminator: "")
    if let json { try Report.write(results, to: json) }
  }

  private func plugins() throws -> [PluginOverhead] {
    let plain = GRPORun(shape: .tiny, prompts: 4, group: 8, prompt: 100, new: 128)
    let variants = try PluginParts(rows: plain.rows)
    defer { variants.remove() }
    var taken: [PluginParts.Place: [GRPORun.Step]] = [:]
    for _ in 0..<rounds {
      for place in PluginParts.Place.allCases {
        var run = plain
        run.parts = try variants.parts(place)
        let work = WorkParts(
          backend: try WorkBackend(common.precision, threads: common.threads),
          models: common.models
        )
        taken[place, default: []] += try run.train(work, Pace(repetitions: steps)).steps
      }
    }
    let base = taken[.compiled] ?? []
    let baseline = Statistics.median(base.map(\.plugins))
    let step = Statistics.median(base.map(\.seconds))
    return PluginParts.Place.allCases.map { place in
      let all = taken[place] ?? []
      let calls = Statistics.median(all.map(\.plugins))
      return PluginOverhead(
        place: place,
        step: Statistics.significant(Statistics.median(all.map(\.seconds))),
        calls: Statistics.significant(calls),
        overhead: place == .compiled ? 0 : Statistics.significant((calls - baseline) / step, 3)
      )
    }
  }

  private func startUps() throws -> [StartUp] {
    var all = try StartUp.configurations.map {
      try StartUp.measure($0, times: starts, threads: common.threads)
    }
    if let folder = common.rivalFolder, let rival = try StartUp.rival(folder, times: 2) {
      all.append(rival)
    }
    return all
  }
}

/// What plugins in one place cost.
struct PluginOverhead: Codable {
  var place: PluginParts.Place
  /// Median seconds of a step.
  var step: Double
  /// Median seconds of a step inside of the parts' calls.
  var calls: Double
  /// What the calls take more than the same code compiled in, as a share of its step.
  var overhead: Double

  private enum CodingKeys: String, CodingKey {
    case place, overhead
    case step = "step_s"
    case calls = "calls_s"
  }
}

/// Both halves of the report.
struct OverheadResults: Codable {
  var plugins: [PluginOverhead]
  var starts: [StartUp]

  /// As Markdown.
  var table: String {
    var table = MarkdownTable([
      "strategy, dataset and reward", "GRPO step, s", "in their calls, ms", "overhead",
    ])
    for one in plugins {
      table.add([
        one.place.rawValue, NumberText.fixed(one.step, 3), NumberText.fixed(one.calls * 1e3, 3),
        one.place == .compiled ? "-" : NumberText.percent(one.overhead, 3),
      ])
    }
    var second = MarkdownTable(["from the start of the program to", "seconds (least to most)"])
    for start in starts {
      let values = [start.seconds.median, start.seconds.least, start.seconds.most]
      let text = values.map { NumberText.fixed($0, 3) }
      second.add([start.name, "\(text[0]) (\(text[1]) to \(text[2]))"])
    }
    return table.text + "\n" + second.text
  }
}
