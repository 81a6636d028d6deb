/// A screen as an SVG picture, for documentation. It shows exactly the lines that a terminal gets.
enum ScreenPicture {
  private static let cellWidth = 8.4
  private static let lineHeight = 19.0
  private static let margin = 22.0

  static func svg(_ lines: [StyledLine], columns: Int) -> String {
    let width = Double(columns) * cellWidth + 2 * margin
    let height = Double(lines.count) * lineHeight + 2 * margin
    var out = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(text(width))" height="\(text(height))" \
      viewBox="0 0 \(text(width)) \(text(height))">
      <rect width="100%" height="100%" rx="9" fill="#16181d"/>
      <g font-family="ui-monospace, 'SF Mono', 'JetBrains Mono', 'DejaVu Sans Mono', Menlo, monospace" \
      font-size="14" fill="#d7dae0" xml:space="preserve">

      """
    for (index, line) in lines.enumerated() {
      var column = 0
      let y = margin + (Double(index) + 0.75) * lineHeight
      for span in line.spans {
        let start = column
        column += span.text.count
        if span.text.allSatisfy({ $0 == " " }) { continue }
        if span.text.allSatisfy(isBlock) {
          out += blocks(span, column: start, line: index)
          continue
        }
        // textLength keeps columns aligned in whatever font the viewer has.
        let length = Double(span.text.count) * cellWidth
        out += "<text x=\"\(text(margin + Double(start) * cellWidth))\" y=\"\(text(y))\""
        out +=
          " textLength=\"\(text(length))\"\(attributes(span.style))>\(escaped(span.text))</text>\n"
      }
    }
    return out + "</g>\n</svg>\n"
  }

  private static let levels = Glyphs.unicode.levels

  private static func isBlock(_ character: Character) -> Bool {
    character == " " || levels.contains(character)
  }

  /// Block characters as rectangles: fonts draw them with gaps, and not all of them as wide as their other characters.
  private static func blocks(_ span: Span, column: Int, line: Int) -> String {
    var out = ""
    var next = column
    let bottom = margin + Double(line + 1) * lineHeight
    var rest = Array(span.text)[...]
    while let glyph = rest.first {
      let run = rest.prefix { $0 == glyph }
      if let level = levels.firstIndex(of: glyph) {
        let height = Double(level + 1) / Double(levels.count) * lineHeight
        out += "<rect x=\"\(text(margin + Double(next) * cellWidth))\""
        out += " y=\"\(text(bottom - height))\""
        out += " width=\"\(text(Double(run.count) * cellWidth))\" height=\"\(text(height))\""
        out += "\(attributes(span.style))/>\n"
      }
      next += run.count
      rest = rest.dropFirst(run.count)
    }
    return out
  }

  private static func attributes(_ style: TextStyle) -> String {
    var out = style.isBold ? " font-weight=\"bold\"" : ""
    switch style.colour {
    case .sft: out += " fill=\"#5fafff\""
    case .rl: out += " fill=\"#ffaf5f\""
    case .both: out += " fill=\"#af87ff\""
    case .quiet: out += " fill=\"#8a8a8a\""
    case .good: out += " fill=\"#5fd787\""
    case nil: break
    }
    return out
  }

  private static func text(_ value: Double) -> String { NumberText.fixed(value, 1) }

  private static func escaped(_ text: String) -> String {
    text.map { character in
      switch character {
      case "&": return "&amp;"
      case "<": return "&lt;"
      case ">": return "&gt;"
      default: return String(character)
      }
    }.joined()
  }
}
