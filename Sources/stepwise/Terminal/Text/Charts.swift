import Components

/// Small charts made of characters.
enum Charts {
  /// A line of heights. More values than `columns` are averaged in equal parts; NaN leaves a gap.
  static func sparkline(
    _ values: [Double],
    columns: Int,
    glyphs: Glyphs,
    range: ClosedRange<Double>? = nil
  ) -> String {
    guard columns > 0, !values.isEmpty else { return "" }
    let points = averaged(values, into: columns)
    let finite = points.filter(\.isFinite)
    guard let low = range?.lowerBound ?? finite.min(), let high = range?.upperBound ?? finite.max()
    else { return String(repeating: " ", count: points.count) }
    let top = Double(glyphs.levels.count - 1)
    return String(
      points.map { point in
        guard point.isFinite else { return " " }
        let share = high > low ? (point - low) / (high - low) : 0.5
        return glyphs.levels[Int((min(max(share, 0), 1) * top).rounded())]
      }
    )
  }

  /// A bar of `columns` of which `share` is done.
  static func bar(share: Double, columns: Int, glyphs: Glyphs) -> StyledLine {
    guard columns > 0 else { return [] }
    let done = Int((min(max(share, 0), 1) * Double(columns)).rounded(.down))
    var line = StyledLine([Span(String(repeating: glyphs.barDone, count: done), .strong)])
    if done < columns {
      line.spans.append(Span(String(glyphs.barEnd), .strong))
      let rest = columns - done - 1
      line.spans.append(Span(String(repeating: glyphs.barRest, count: rest), .quiet))
    }
    return line
  }

  /// One column for each of the latest steps.
  static func strip(
    _ kinds: some BidirectionalCollection<StepKind>,
    columns: Int,
    glyphs: Glyphs
  )
    -> StyledLine
  {
    var spans: [Span] = []
    for kind in kinds.suffix(columns) {
      let glyph = String(kind.glyph(glyphs))
      if let last = spans.last, last.style.colour == kind.colour {
        spans[spans.count - 1].text += glyph
      } else {
        spans.append(Span(glyph, TextStyle(colour: kind.colour)))
      }
    }
    return StyledLine(spans)
  }

  private static func averaged(_ values: [Double], into columns: Int) -> [Double] {
    guard values.count > columns else { return values }
    return (0..<columns).map { column in
      let part = values[(column * values.count / columns)..<((column + 1) * values.count / columns)]
      let finite = part.filter(\.isFinite)
      return finite.isEmpty ? .nan : finite.reduce(0, +) / Double(finite.count)
    }
  }
}

extension StepKind {
  /// The colour of a step.
  var colour: TextStyle.Colour {
    switch self {
    case .sft: return .sft
    case .rl: return .rl
    case .both: return .both
    case .measure: return .quiet
    }
  }

  /// The shape of a step.
  func glyph(_ glyphs: Glyphs) -> Character {
    switch self {
    case .sft: return glyphs.sft
    case .rl: return glyphs.rl
    case .both: return glyphs.both
    case .measure: return " "
    }
  }

  /// The name on the screen.
  var label: String {
    switch self {
    case .sft: return "SFT"
    case .rl: return "GRPO"
    case .both: return "both"
    case .measure: return "probe"
    }
  }
}
