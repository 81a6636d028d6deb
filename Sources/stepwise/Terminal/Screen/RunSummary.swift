import Components
import Training

/// What a run came to: the table at its end.
struct RunSummary {
  /// A row of the table of accuracies.
  struct Accuracy {
    var label: String
    var record: HeldOutResult
    /// Difference from the row that it is compared with, paired over the prompts.
    var gain: Estimate?
  }

  var accuracies: [Accuracy]
  var kinds: [StepKind]
  var tokens: Int
  var seconds: Double
  var path: String
  /// What to type next, each with what it does.
  var next: [(command: String, purpose: String)]

  func lines(glyphs: Glyphs = .unicode) -> [StyledLine] {
    var lines: [StyledLine] = [[]]
    if !accuracies.isEmpty {
      lines += accuracyTable.lines(rule: glyphs.barRest) + [[]]
    }
    lines += facts(glyphs)
    if !next.isEmpty {
      let width = next.map(\.command.count).max() ?? 0
      lines.append([])
      lines += next.map { item in
        StyledLine([Span(item.command, .strong)]).padded(to: width + 3)
          + [Span(item.purpose, .quiet)]
      }
    }
    lines.append([])
    return lines.map { $0.width == 0 ? $0 : StyledLine([Span("  ")]) + $0 }
  }

  private var accuracyTable: TextTable {
    var table = TextTable(columns: [
      .init(title: "held-out accuracy"), .init(title: "", alignment: .right),
      .init(title: "95 % interval"), .init(title: "gain, paired", alignment: .right),
      .init(title: "95 % interval"), .init(title: "prompts", alignment: .right),
    ])
    for accuracy in accuracies {
      let estimate = accuracy.record.accuracy
      var row = [
        Span(accuracy.label), Span(NumberText.fixed(estimate.value, 3), .strong),
        Span(estimate.interval),
      ]
      if let gain = accuracy.gain {
        // Green is for what the interval proves, not for what happened to be above.
        let style = TextStyle(colour: gain.low > 0 ? .good : nil)
        let sign = gain.value < 0 ? "" : "+"
        row += [Span(sign + NumberText.fixed(gain.value, 3), style), Span(gain.interval)]
      } else {
        row += [Span(""), Span("")]
      }
      row.append(Span(NumberText.grouped(accuracy.record.count)))
      table.rows.append(row)
    }
    return table
  }

  private func facts(_ glyphs: Glyphs) -> [StyledLine] {
    var steps = StyledLine()
    for kind in [StepKind.sft, .rl, .both] {
      let count = kinds.count { $0 == kind }
      guard count > 0 else { continue }
      if !steps.spans.isEmpty { steps.spans.append(Span("   ")) }
      let share = Double(count) / Double(kinds.count)
      steps.spans.append(Span(String(kind.glyph(glyphs)), TextStyle(colour: kind.colour)))
      steps.spans.append(Span(" \(kind.label) \(NumberText.grouped(count))"))
      steps.spans.append(Span(" (\(NumberText.percent(share)))", .quiet))
    }
    func fact(_ label: String, _ value: StyledLine) -> StyledLine {
      StyledLine([Span(label, .quiet)]).padded(to: 9) + value
    }
    return [
      fact("steps", steps),
      fact("tokens", [Span(NumberText.quantity(Double(tokens)))]),
      fact("time", [Span(NumberText.duration(seconds))]),
      fact("run", [Span(path.printable)]),
    ]
  }
}
