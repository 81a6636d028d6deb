/// A table as Markdown, its columns aligned so that a terminal shows it well, too.
package struct MarkdownTable: Sendable {
  private let header: [String]
  private var rows: [[String]] = []

  /// Creates a table without rows.
  package init(_ header: [String]) { self.header = header }

  /// Adds a row; missing cells are empty.
  package mutating func add(_ cells: [String]) {
    rows.append(
      Array((cells + Array(repeating: "", count: header.count)).prefix(header.count))
    )
  }

  /// The table, with a line break at its end.
  package var text: String {
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      let padded = zip(cells, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }
      return "| " + padded.joined(separator: " | ") + " |\n"
    }
    let rule =
      "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|\n"
    return line(header) + rule + rows.map(line).joined()
  }
}
