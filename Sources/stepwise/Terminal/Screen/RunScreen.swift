import Components
import Training

/// Draws the state of a run as lines of text.
struct RunScreen {
  let state: RunScreenState
  /// Columns that may be used.
  let columns: Int
  let glyphs: Glyphs

  /// Wider lines are harder to read, not richer.
  private static let widest = 92
  private static let indent = "  "

  init(_ state: RunScreenState, columns: Int, glyphs: Glyphs = .unicode) {
    self.state = state
    self.columns = max(20, min(columns, Self.widest))
    self.glyphs = glyphs
  }

  /// The whole screen, or, with fewer rows than it needs, its most important lines.
  func lines(rows: Int = .max) -> [StyledLine] {
    // Sections from the top down, each with how dear it is.
    let sections: [(importance: Int, lines: [StyledLine])] = [
      (3, [[], heading]),
      (9, [[], progress]),
      (8, [[], strip]),
      (4, [legend]),
      (7, [[]] + numbers),
      (6, evaluation.map { [[], $0] } ?? []),
      (5, [[], activity]),
    ]
    var kept = sections
    while kept.reduce(0, { $0 + $1.lines.count }) > rows,
      let least = kept.indices.min(by: { kept[$0].importance < kept[$1].importance }),
      kept.count > 1
    {
      kept.remove(at: least)
    }
    return kept.flatMap(\.lines).map { line in
      line.width == 0 ? line : (StyledLine([Span(Self.indent)]) + line).clipped(to: columns)
    }
  }

  /// Columns between the margins.
  private var inner: Int { columns - 2 * Self.indent.count }

  private var heading: StyledLine {
    var left: StyledLine = [Span("stepwise", .strong), Span(" \(glyphs.dot) ", .quiet)]
    left.spans.append(Span(state.title.printable))
    var facts = [state.strategy.printable]
    if state.parameters > 0 {
      facts.append("\(NumberText.quantity(Double(state.parameters))) parameters")
    }
    let right = Span(facts.joined(separator: " \(glyphs.dot) "), .quiet)
    return .justified(left, [right], columns: inner)
  }

  private var progress: StyledLine {
    let share = state.horizon > 0 ? Double(state.step) / Double(state.horizon) : 0
    let left: StyledLine = [
      Span("step "), Span(NumberText.grouped(state.step), .strong),
      Span(" of \(NumberText.grouped(state.horizon))  ", .quiet),
    ]
    let right: StyledLine = [
      Span("  \(NumberText.percent(share).leftPadded(to: 5))"), Span(timing, .quiet),
    ]
    let room = inner - left.width - right.width
    guard room >= 8 else { return .justified(left, right, columns: inner) }
    return left + Charts.bar(share: share, columns: room, glyphs: glyphs) + right
  }

  private var timing: String {
    if case .finished = state.activity { return "  in \(NumberText.duration(state.elapsed))" }
    return "  \((state.remaining.map(NumberText.duration) ?? "–").leftPadded(to: 5)) left"
  }

  private var strip: StyledLine {
    Charts.strip(state.kinds, columns: inner, glyphs: glyphs)
  }

  private var legend: StyledLine {
    var line = StyledLine()
    for kind in [StepKind.sft, .rl, .both] {
      let count = state.count(kind)
      if count == 0, kind == .both { continue }
      let share = state.kinds.isEmpty ? 0 : Double(count) / Double(state.kinds.count)
      if !line.spans.isEmpty { line.spans.append(Span("    ")) }
      line.spans.append(Span(String(kind.glyph(glyphs)), TextStyle(colour: kind.colour)))
      line.spans.append(Span(" \(kind.label) "))
      line.spans.append(Span(NumberText.grouped(count), .strong))
      line.spans.append(Span(" (\(NumberText.percent(share)))", .quiet))
    }
    let more = max(0, state.kinds.count - inner)
    let note = more > 0 ? "the last \(inner) steps" : ""
    return .justified(line, [Span(note, .quiet)], columns: inner)
  }

  // MARK: Numbers

  private struct Cell {
    var label: String
    var value: String
    var series: [Double] = []
    var colour: TextStyle.Colour?
  }

  private var numbers: [StyledLine] {
    let cells = cells
    let isWide = inner >= 62
    let count = isWide ? 2 : 1
    let width = isWide ? (inner - 4) / 2 : inner
    return stride(from: 0, to: cells.count, by: count).map { start in
      var line = StyledLine()
      for index in start..<min(start + count, cells.count) {
        if index > start { line = line.padded(to: width + 4) }
        line = line + draw(cells[index], columns: width)
      }
      return line
    }
  }

  /// SFT on the left, GRPO on the right; what the strategy says first.
  private var cells: [Cell] {
    var cells: [Cell] = []
    for diagnostic in state.diagnostics.prefix(4) {
      cells.append(
        Cell(
          label: diagnostic.name.printable,
          value: NumberText.short(diagnostic.series.latest),
          series: diagnostic.series.values
        )
      )
    }
    if cells.count % 2 == 1 {
      cells.append(Cell(label: "learning rate", value: NumberText.short(state.learningRate)))
    }
    func series(_ label: String, _ series: RunScreenState.Series, _ colour: TextStyle.Colour) {
      cells.append(
        Cell(
          label: label,
          value: NumberText.short(series.latest),
          series: series.values,
          colour: colour
        )
      )
    }
    series("SFT loss", state.sftLoss, .sft)
    series("reward", state.reward, .rl)
    series("SFT \(glyphs.norm)", state.sftGradNorm, .sft)
    series("GRPO \(glyphs.norm)", state.rlGradNorm, .rl)
    let speed = state.tokensPerSecond.map(NumberText.quantity) ?? "–"
    cells.append(Cell(label: "tokens/s", value: speed))
    series("KL", state.kl, .rl)
    return cells
  }

  private func draw(_ cell: Cell, columns: Int) -> StyledLine {
    let label = String(cell.label.prefix(14))
    var line = StyledLine([Span(label, .quiet)]).padded(to: 15)
    line.spans.append(Span(cell.value.leftPadded(to: 7), .strong))
    let room = min(24, columns - line.width - 2)
    guard room >= 6, cell.series.count > 1 else { return line }
    let chart = Charts.sparkline(cell.series, columns: room, glyphs: glyphs)
    line.spans.append(Span("  "))
    line.spans.append(Span(chart, TextStyle(colour: cell.colour ?? .quiet)))
    return line
  }

  // MARK: Evaluation and activity

  private var evaluation: StyledLine? {
    guard let latest = state.evaluations.last else { return nil }
    var line = StyledLine([Span("held out", .quiet)]).padded(to: 15)
    line.spans.append(
      Span(NumberText.fixed(latest.accuracy.value, 3).leftPadded(to: 7), .strong)
    )
    line.spans.append(Span("  \(latest.accuracy.interval)"))
    line.spans.append(
      Span(
        "  step \(NumberText.grouped(latest.step)), \(NumberText.grouped(latest.count)) prompts",
        .quiet
      )
    )
    if let first = state.evaluations.first, state.evaluations.count > 1 {
      let gain = latest.accuracy.value - first.accuracy.value
      line.spans.append(
        Span(
          "  \(gain < 0 ? "" : "+")\(NumberText.fixed(gain, 3)) since step \(first.step)",
          TextStyle(colour: gain > 0 ? .good : .quiet)
        )
      )
    }
    return line
  }

  private var activity: StyledLine {
    switch state.activity {
    case .starting: return [Span("Starting ...", .quiet)]
    case .training: return [Span(state.reason.printable, .quiet)]
    case .generating(let done, let total):
      return [Span("Generating completions: \(done) of \(total)", .quiet)]
    case .stopping:
      return [Span("Finishing this step, then writing a checkpoint. Ctrl-C again stops at once.")]
    case .finished(.completed):
      return [Span("Done", TextStyle(colour: .good)), Span(where_, .quiet)]
    case .finished(.interrupted): return [Span("Stopped"), Span(where_, .quiet)]
    }
  }

  private var where_: String { " \(glyphs.dot) \(state.path.printable)" }
}

extension Estimate {
  /// The interval for people: [0.435, 0.491].
  var interval: String { "[\(NumberText.fixed(low, 3)), \(NumberText.fixed(high, 3))]" }
}
