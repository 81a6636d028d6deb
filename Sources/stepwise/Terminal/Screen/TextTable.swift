/// A table with its columns aligned, drawn with blanks and one thin rule.
struct TextTable {
  enum Alignment: Equatable, Sendable {
    case left
    case right
  }

  struct Column: Sendable {
    var title: String
    var alignment = Alignment.left
  }

  var columns: [Column]
  var rows: [[Span]] = []

  func lines(rule: Character = "─") -> [StyledLine] {
    let widths = columns.indices.map { index in
      rows.reduce(columns[index].title.count) { max($0, cell($1, index).text.count) }
    }
    let title = line(columns.map { Span($0.title, .quiet) }, widths)
    let width = widths.reduce(0, +) + 2 * max(0, widths.count - 1)
    let separator: StyledLine = [Span(String(repeating: rule, count: width), .quiet)]
    return [title, separator]
      + rows.map { row in
        line(columns.indices.map { cell(row, $0) }, widths)
      }
  }

  private func cell(_ row: [Span], _ index: Int) -> Span {
    row.indices.contains(index) ? row[index] : Span("")
  }

  private func line(_ cells: [Span], _ widths: [Int]) -> StyledLine {
    var spans: [Span] = []
    for (index, cell) in cells.enumerated() {
      let blanks = String(repeating: " ", count: widths[index] - cell.text.count)
      let isRight = columns[index].alignment == .right
      if index > 0 { spans.append(Span("  ")) }
      if isRight, !blanks.isEmpty { spans.append(Span(blanks)) }
      spans.append(cell)
      // Nothing behind the last word of a line.
      if !isRight, !blanks.isEmpty, index < cells.count - 1 { spans.append(Span(blanks)) }
    }
    return StyledLine(spans)
  }
}
