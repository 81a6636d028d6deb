/// Charts of several rows.
extension Charts {
  /// A curve as heights over `rows` lines, the highest first. NaN leaves a gap. Every value shows at least a trace.
  static func area(
    _ values: [Double],
    rows: Int,
    range: ClosedRange<Double>? = nil,
    glyphs: Glyphs
  ) -> [String] {
    let finite = values.filter(\.isFinite)
    guard rows > 0, let low = range?.lowerBound ?? finite.min(),
      let high = range?.upperBound ?? finite.max()
    else { return Array(repeating: String(repeating: " ", count: values.count), count: rows) }
    let levels = glyphs.levels.count
    let top = rows * levels
    let heights = values.map { value -> Int in
      guard value.isFinite else { return 0 }
      let share = high > low ? (value - low) / (high - low) : 0.5
      return 1 + Int((min(max(share, 0), 1) * Double(top - 1)).rounded())
    }
    return (0..<rows).map { row in
      let base = (rows - 1 - row) * levels
      return String(
        heights.map { height in
          height <= base ? " " : glyphs.levels[min(height - base, levels) - 1]
        }
      )
    }
  }
}
