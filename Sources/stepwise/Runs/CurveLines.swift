import Components

/// A metric of a run as lines: its name, its last value, its course and its range.
struct CurveLines {
  var table: MetricTable
  /// 0-based steps from the left edge to the right one.
  var range: Range<Double>
  /// Columns of a whole line.
  var columns: Int
  /// Lines of each curve.
  var rows: Int
  var glyphs: Glyphs

  private static let nameWidth = 25
  private static let valueWidth = 9

  /// - Parameters:
  ///   - label: what stands in front in place of the name.
  ///   - bounds: of the heights; `nil`: those of the curve itself.
  func lines(
    _ name: String,
    label: String? = nil,
    bounds: ClosedRange<Double>? = nil,
    colour: TextStyle.Colour? = nil
  ) -> [StyledLine] {
    let points = table.series(name)
    let head = fitted((label ?? name).printable)
    let last = points.last.map { NumberText.short($0.value) } ?? "–"
    let room = columns - Self.nameWidth - Self.valueWidth - 2 - 16
    let width = max(1, min(max(room, 8), Int(range.upperBound - range.lowerBound)))
    let values = table.binned(name, columns: width, range: range)
    let finite = values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else {
      return [[Span(head, .quiet), Span(last.leftPadded(to: Self.valueWidth), .strong)]]
    }
    let drawn = Charts.area(values, rows: rows, range: bounds, glyphs: glyphs)
    let style = TextStyle(colour: colour ?? Self.colour(of: name))
    // Name, value and range stand beside the lowest line, where the curve begins.
    return drawn.enumerated().map { row, text in
      let isLast = row == drawn.count - 1
      let blank = String(repeating: " ", count: Self.nameWidth + Self.valueWidth)
      var line = StyledLine(
        isLast
          ? [Span(head, .quiet), Span(last.leftPadded(to: Self.valueWidth), .strong)]
          : [Span(blank)]
      )
      line.spans += [Span("  "), Span(text, style)]
      if isLast {
        line.spans.append(
          Span("  \(NumberText.short(low)) to \(NumberText.short(high))", .quiet)
        )
      }
      return line
    }
  }

  private func fitted(_ text: String) -> String {
    let cut = text.count < Self.nameWidth ? text : String(text.prefix(Self.nameWidth - 2)) + "…"
    return cut + String(repeating: " ", count: Self.nameWidth - cut.count)
  }

  /// SFT blue, reinforcement amber, held-out results green, the rest grey.
  static func colour(of name: String) -> TextStyle.Colour {
    if name.hasPrefix("sft/") { return .sft }
    if name.hasPrefix("eval_") { return .good }
    if name.hasPrefix("strategy/") { return .both }
    let isRL =
      name.hasPrefix("reward") || name.hasPrefix("rl/") || name == "kl"
      || name.hasPrefix("completions/")
    return isRL ? .rl : .quiet
  }
}
