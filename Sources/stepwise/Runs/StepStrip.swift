import Components

/// The kinds of all steps of a run as lines of columns, with marks at some of them.
struct StepStrip {
  var steps: [StoredRun.Step]
  /// What stands under a step: one character each.
  var marks: [(step: Int, mark: Character)] = []
  var columns: Int
  var glyphs: Glyphs

  /// More lines than these say less than fewer would.
  private static let rowLimit = 8
  private static let labelWidth = 7

  /// Steps that a column stands for: 1 for all but the longest runs.
  var stepsPerColumn: Int {
    let room = max(1, columns - Self.labelWidth) * Self.rowLimit
    return max(1, (steps.count + room - 1) / room)
  }

  /// The strip, each line with its first step, marks under the lines that have some.
  var lines: [StyledLine] {
    let width = max(1, columns - Self.labelWidth)
    let cells = self.cells
    return stride(from: 0, to: cells.count, by: width).flatMap { start -> [StyledLine] in
      let row = cells[start..<min(cells.count, start + width)]
      let label = NumberText.grouped(row.first!.step).leftPadded(to: Self.labelWidth - 2) + "  "
      let strip = Charts.strip(row.map(\.kind), columns: width, glyphs: glyphs)
      let line = StyledLine([Span(label, .quiet)]) + strip
      let under = marks(under: row)
      let isLast = start + width >= cells.count
      // Full blocks of two lines would run into each other.
      return under.isEmpty
        ? (isLast ? [line] : [line, []])
        : [line, [Span(String(repeating: " ", count: Self.labelWidth)), Span(under, .strong)]]
    }
  }

  /// How many steps of each kind there are.
  var legend: StyledLine {
    var line = StyledLine([Span(String(repeating: " ", count: Self.labelWidth))])
    for kind in [StepKind.sft, .rl, .both] {
      let count = steps.count { $0.kind == kind }
      guard count > 0 else { continue }
      if line.spans.count > 1 { line.spans.append(Span("    ")) }
      line.spans.append(Span(String(kind.glyph(glyphs)), TextStyle(colour: kind.colour)))
      line.spans.append(Span(" \(kind.label) "))
      line.spans.append(Span(NumberText.grouped(count), .strong))
      let share = Double(count) / Double(steps.count)
      line.spans.append(Span(" (\(NumberText.percent(share)))", .quiet))
    }
    if stepsPerColumn > 1 {
      line.spans.append(Span("    a column is \(stepsPerColumn) steps", .quiet))
    }
    return line
  }

  /// One for each column: its first step, and the kind of most of its steps.
  private var cells: [(step: Int, end: Int, kind: StepKind)] {
    stride(from: 0, to: steps.count, by: stepsPerColumn).map { start in
      let part = steps[start..<min(steps.count, start + stepsPerColumn)]
      let kind = StepKind.allCases.max { a, b in
        part.count { $0.kind == a } < part.count { $0.kind == b }
      }
      return (part.first!.step, part.last!.step, kind ?? part.first!.kind)
    }
  }

  private func marks(under row: ArraySlice<(step: Int, end: Int, kind: StepKind)>) -> String {
    var text = ""
    let isLast = row.last?.end == steps.last?.step
    for (offset, cell) in row.enumerated() {
      let isEnd = isLast && offset == row.count - 1
      // What came after the last step stands under it.
      let found = marks.first {
        (cell.step...cell.end).contains($0.step) || isEnd && $0.step > cell.end
      }
      guard let found else { continue }
      text += String(repeating: " ", count: offset - text.count) + String(found.mark)
    }
    return text
  }
}
