import Components
import RunStore
import Training

/// What `runs compare` says, as lines.
struct RunComparisonReport {
  let comparison: RunComparison
  let columns: Int
  let glyphs: Glyphs

  init(_ comparison: RunComparison, columns: Int, glyphs: Glyphs) {
    self.comparison = comparison
    self.columns = max(72, min(columns, 110))
    self.glyphs = glyphs
  }

  var lines: [StyledLine] {
    let sections = [heading, differences, parting, strips, curves, outcome].filter { !$0.isEmpty }
    return sections.flatMap { [[]] + $0 }.map {
      $0.width == 0 ? $0 : (StyledLine([Span("  ")]) + $0)
    } + [[]]
  }

  private var runs: [(mark: String, run: StoredRun)] {
    [("A", comparison.first), ("B", comparison.second)]
  }

  private var heading: [StyledLine] {
    runs.map { mark, run in
      let total = run.overview.horizon.map { " of \(NumberText.grouped($0))" } ?? ""
      return [
        Span("\(mark)  ", .strong), Span(run.shown.printable, .strong),
        Span(
          " \(glyphs.dot) \((run.overview.strategy ?? "–").printable) \(glyphs.dot) "
            + "\(run.overview.state.rawValue), step \(NumberText.grouped(run.overview.steps))\(total)",
          .quiet
        ),
      ]
    }
  }

  private var differences: [StyledLine] {
    var table = TextTable(columns: [
      .init(title: "differs"), .init(title: "A"), .init(title: "B"),
    ])
    // Two columns of values share what the keys leave.
    let room = max(16, (columns - 34) / 2)
    func add(_ name: String, _ a: String?, _ b: String?) {
      table.rows.append([
        Span(name.printable), Span(Self.cut(a ?? "–", room)), Span(Self.cut(b ?? "–", room)),
      ])
    }
    // Two plugins' parameters have nothing in common.
    let exchanged = comparison.configuration.map(\.key).filter { $0.hasSuffix(".plugin") }
      .map { $0.dropLast("plugin".count) + "parameters." }
    for item in comparison.configuration
    where !exchanged.contains(where: { item.key.hasPrefix($0) }) {
      add(item.key, item.first, item.second)
    }
    for item in comparison.plugins { add("plugin \(item.slot)", item.first, item.second) }
    for item in comparison.numerics { add("numerics \(item.slot)", item.first, item.second) }
    let head: [StyledLine] =
      table.rows.isEmpty
      ? [[Span("Configuration, plugins and numerics are the same.")]]
      : table.lines(rule: glyphs.barRest)
    return head + interventions
  }

  /// What was done to one of the two alone.
  private var interventions: [StyledLine] {
    let (a, b) = (done(comparison.first), done(comparison.second))
    let alone =
      a.filter { line in !b.contains { $0 == line } }.map { ("A", $0) }
      + b.filter { line in !a.contains { $0 == line } }.map { ("B", $0) }
    guard !alone.isEmpty else { return [] }
    return [[], [Span("Done to one alone:")]]
      + alone.map { [Span("    \($0)  ", .strong), Span(Self.cut($1, columns - 8))] }
  }

  private func done(_ run: StoredRun) -> [String] {
    run.journal.compactMap { record in
      let line = JournalLine(record)
      guard line.isDone, let step = line.step else { return nil }
      return "step \(step)  \(line.text)"
    }
  }

  private var parting: [StyledLine] {
    var lines: [StyledLine] = []
    if let (step, stream, difference) = comparison.parting {
      lines.append([
        Span("They part at step "), Span(NumberText.grouped(step), .strong),
        Span(" (\(stream): \(difference.field.printable))", .quiet),
      ])
      lines += [("A", difference.first), ("B", difference.second)].map { mark, value in
        [
          Span("    \(mark)  ", .quiet), Span(Self.cut(value ?? "–", columns - 8)),
        ]
      }
    } else {
      let compared = comparison.streams.map {
        "\(NumberText.grouped($0.comparison.compared)) \($0.name)"
      }
      lines.append([
        Span("Equal, bit by bit, in all that both have: "),
        Span("\(compared.joined(separator: ", ")).", .quiet),
      ])
    }
    if comparison.leavesOutStrategies {
      lines.append([
        Span("    what each strategy says of itself is left out: reasons, strategy/...", .quiet)
      ])
    }
    if comparison.start > 0 {
      lines.append([
        Span("    compared from step \(NumberText.grouped(comparison.start)) on", .quiet)
      ])
    }
    for stream in comparison.streams {
      let (a, b) = stream.comparison.surplus
      if a > 0 || b > 0 {
        let (mark, count) = a > 0 ? ("A", a) : ("B", b)
        lines.append([
          Span(
            "    \(mark) has \(NumberText.grouped(count)) more records of \(stream.name)",
            .quiet
          )
        ])
      }
    }
    if let same = comparison.sameWeights {
      let step = comparison.first.checkpoints.last?.step ?? 0
      lines.append([
        Span(
          "    weights after step \(NumberText.grouped(step)): \(same ? "the same SHA-256" : "they differ")",
          .quiet
        )
      ])
    }
    return lines
  }

  private var strips: [StyledLine] {
    let marks: [(step: Int, mark: Character)] =
      comparison.parting.map { [($0.step, glyphs.levels.contains("█") ? "▲" : "^")] } ?? []
    return runs.flatMap { mark, run -> [StyledLine] in
      let strip = StepStrip(
        steps: run.steps,
        marks: marks,
        columns: columns - 5,
        glyphs: glyphs
      )
      guard !strip.steps.isEmpty else { return [] }
      return (strip.lines + [strip.legend]).enumerated().map { index, line in
        StyledLine([Span(index == 0 ? "\(mark)  " : "   ", .strong)]) + line
      }
    }
  }

  /// Both courses of a metric, one above the other, on one scale.
  private var curves: [StyledLine] {
    let steps = runs.flatMap { $0.run.steps.map(\.step) }
    let range = Double(steps.min() ?? 0)..<Double((steps.max() ?? 0) + 1)
    return comparison.metrics.flatMap { name -> [StyledLine] in
      let values = runs.flatMap { $0.run.metrics.series(name).map(\.value) }.filter(\.isFinite)
      let bounds = values.min().flatMap { low in values.max().map { low...$0 } }
      return runs.flatMap { mark, run in
        CurveLines(
          table: run.metrics,
          range: range,
          columns: columns - 2,
          rows: 1,
          glyphs: glyphs
        ).lines(name, label: "\(mark)  \(name)", bounds: bounds)
      } + [[]]
    }.dropLast()
  }

  private var outcome: [StyledLine] {
    var table = TextTable(columns: [
      .init(title: ""), .init(title: "held out", alignment: .right), .init(title: "95 % interval"),
      .init(title: "prompts", alignment: .right), .init(title: "step", alignment: .right),
      .init(title: "tokens", alignment: .right), .init(title: "time", alignment: .right),
    ])
    for (mark, run) in runs {
      let last = run.heldOut.last
      table.rows.append([
        Span(mark, .strong),
        Span(last.map { NumberText.fixed($0.accuracy.value, 3) } ?? "–", .strong),
        Span(last?.accuracy.interval ?? ""),
        Span(last.map { NumberText.grouped($0.count) } ?? ""),
        Span(NumberText.grouped(last?.step ?? run.overview.steps)),
        Span(run.tokens.map { NumberText.quantity(Double($0)) } ?? "–"),
        Span(run.seconds.map(NumberText.duration) ?? "–"),
      ])
    }
    var lines = table.lines(rule: glyphs.barRest)
    if let paired = comparison.paired {
      let gain = paired.difference
      let isProven = gain.low > 0 || gain.high < 0
      lines.append([
        Span("B - A  ", .quiet), Span(gain.signed, TextStyle(isBold: isProven)),
        Span(" \(gain.interval), paired over \(NumberText.grouped(paired.count)) prompts: "),
        Span(
          "\(paired.gained) gained, \(paired.lost) lost, McNemar p = \(NumberText.short(paired.mcNemarP))",
          .quiet
        ),
      ])
    } else if comparison.first.heldOut.last != nil, comparison.second.heldOut.last != nil {
      lines.append([
        Span("The held-out rows are not the same, so the two cannot be paired.", .quiet)
      ])
    }
    return lines
  }

  private static func cut(_ text: String, _ columns: Int) -> String {
    text.count <= columns ? text.printable : String(text.prefix(columns - 1)).printable + "…"
  }
}
