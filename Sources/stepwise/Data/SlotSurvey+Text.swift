import Components

extension SlotSurvey {
  /// The survey as lines for a terminal.
  func lines(_ device: TerminalDevice) -> [StyledLine] {
    var lines: [StyledLine] = [
      [Span(slot, .strong), Span("  \(NumberText.grouped(rows)) rows")]
    ]
    if examined < rows {
      lines[0].spans.append(Span(", of which \(NumberText.grouped(examined)) were looked at"))
    }
    if sources.count > 1 {
      let total = sources.reduce(0) { $0 + $1.weight }
      var table = TextTable(columns: [
        .init(title: "source"), .init(title: "rows", alignment: .right),
        .init(title: "share of draws", alignment: .right),
      ])
      for source in sources {
        table.rows.append([
          Span(source.name.printable), Span(NumberText.grouped(source.rows)),
          Span(NumberText.percent(source.weight / total)),
        ])
      }
      lines += table.lines().map(Self.indented)
    }
    for sample in samples { lines += Self.lines(of: sample, unit: unit) }
    lines += facts.map { [Span("  " + $0)] }
    lines += histogramLines(device.glyphs)
    return lines
  }

  /// One fact a line.
  private var facts: [String] {
    var facts = [
      "\(unit) in a row: median \(lengths.quantile(0.5)), 95 % have at most "
        + "\(lengths.quantile(0.95)), longest \(lengths.max() ?? 0)"
    ]
    if isDemonstration {
      facts[0] += "; prompt: median \(promptLengths.quantile(0.5))"
      if trainedTokens > 0 {
        let all = lengths.reduce(0, +)
        facts.append(
          "trained: \(NumberText.grouped(trainedTokens)) of \(NumberText.grouped(all)) tokens "
            + "(\(NumberText.percent(Double(trainedTokens) / Double(max(all, 1)))))"
        )
      }
    }
    if cutRows > 0 {
      facts.append(
        "cut at sft.max_length: \(NumberText.grouped(cutRows)) rows lose "
          + "\(NumberText.grouped(cutTokens)) tokens at their ends"
          + (emptyRows > 0 ? "; \(NumberText.grouped(emptyRows)) have nothing left to train" : "")
      )
    } else if leftOutRows > 0 {
      facts.append("left out at sft.max_length: \(NumberText.grouped(leftOutRows)) rows")
    } else if isDemonstration, unit == "tokens" {
      facts.append("cut at sft.max_length: none")
    }
    if let packed {
      let mean = Double(lengths.reduce(0, +)) / Double(max(packed, 1))
      facts.append(
        "packed: \(NumberText.grouped(packed)) sequences of \(NumberText.fixed(mean, 0)) tokens on "
          + "average"
      )
    }
    if withoutCompletion > 0 {
      facts.append("without a completion: \(NumberText.grouped(withoutCompletion)) rows")
    }
    if repeated > 0 { facts.append("repeated: \(NumberText.grouped(repeated)) rows") }
    if !problems.isEmpty {
      facts.append("cannot be used: \(NumberText.grouped(problems.count)) rows; the first:")
      facts += problems.prefix(3).map { "  \($0.printable)" }
    }
    return facts
  }

  private func histogramLines(_ glyphs: Glyphs) -> [StyledLine] {
    let histogram = Histogram(lengths)
    guard let most = histogram.counts.max(), most > 0 else { return [] }
    let labels = histogram.counts.indices.map {
      "\(histogram.edges[$0])–\(histogram.edges[$0 + 1] - 1)"
    }
    let width = labels.map(\.count).max() ?? 0
    return zip(labels, histogram.counts).map { label, count in
      let columns = (40 * count + most - 1) / most
      let blanks = String(repeating: " ", count: width - label.count)
      return [
        Span("  \(blanks)\(label) ", .quiet),
        Span(String(repeating: glyphs.sft, count: columns)),
        Span(" \(NumberText.grouped(count))", .quiet),
      ]
    }
  }

  /// A row as it is rendered: what is trained stands between « and », and line ends are shown.
  private static func lines(of sample: Sample, unit: String) -> [StyledLine] {
    var title = "row \(sample.id)"
    if sample.tokens > 0 {
      title += ", \(sample.tokens) tokens, \(sample.trained) trained"
      if sample.cut > 0 { title += ", \(sample.cut) cut off" }
      if sample.isLeftOut { title += ", left out" }
    }
    var lines: [StyledLine] = [[Span("  \(title) (\(sample.source.printable))", .quiet)]]
    var line = StyledLine([Span("    ")])
    var room = shownCharacters
    for piece in sample.pieces {
      let style = piece.isTrained ? TextStyle.strong : .plain
      if piece.isTrained { line.spans.append(Span("«", .quiet)) }
      let parts = piece.text.split(separator: "\n", omittingEmptySubsequences: false)
      for (index, part) in parts.enumerated() {
        let text = String(part.prefix(max(room, 0)))
        room -= part.count
        line.spans.append(Span(text.printable, style))
        if index < parts.count - 1 {
          line.spans.append(Span("⏎", .quiet))
          lines.append(line)
          line = StyledLine([Span("    ")])
        }
        if room <= 0 { break }
      }
      if piece.isTrained { line.spans.append(Span("»", .quiet)) }
      if room <= 0 {
        line.spans.append(Span(" … more", .quiet))
        break
      }
    }
    lines.append(line)
    return lines
  }

  /// A sample is for a glance; a whole row stands in the file.
  private static let shownCharacters = 2_000

  private static func indented(_ line: StyledLine) -> StyledLine {
    StyledLine([Span("  ")] + line.spans)
  }

  /// The survey as JSON.
  var value: ParameterValue {
    func number(_ value: Int) -> ParameterValue { .int(Int64(value)) }
    func entry(_ key: String, _ value: ParameterValue) -> ParameterEntry {
      ParameterEntry(key, value)
    }
    let histogram = Histogram(lengths)
    var entries = [
      entry("slot", .string(slot)), entry("rows", number(rows)),
      entry("examined", number(examined)),
      entry(
        "sources",
        .array(
          sources.map {
            .object([
              entry("name", .string($0.name)), entry("rows", number($0.rows)),
              entry("weight", .double($0.weight)),
            ])
          }
        )
      ),
      entry("unit", .string(unit)),
      entry(
        "lengths",
        .object([
          entry("median", number(lengths.quantile(0.5))),
          entry("p95", number(lengths.quantile(0.95))),
          entry("max", number(lengths.max() ?? 0)),
          entry("prompt_median", number(promptLengths.quantile(0.5))),
          entry("total", number(lengths.reduce(0, +))),
        ])
      ),
      entry(
        "histogram",
        .object([
          entry("edges", .array(histogram.edges.map(number))),
          entry("counts", .array(histogram.counts.map(number))),
        ])
      ),
      entry("trained_tokens", number(trainedTokens)), entry("cut_rows", number(cutRows)),
      entry("cut_tokens", number(cutTokens)), entry("rows_with_nothing_left", number(emptyRows)),
      entry("left_out_rows", number(leftOutRows)),
      entry("rows_without_completion", number(withoutCompletion)),
      entry("repeated_rows", number(repeated)),
      entry("problems", .array(problems.prefix(20).map { .string($0) })),
      entry("problem_count", number(problems.count)),
    ]
    if let packed { entries.append(entry("packed_sequences", number(packed))) }
    entries.append(
      entry(
        "samples",
        .array(
          samples.map { sample in
            .object([
              entry("id", .string(String(sample.id))), entry("source", .string(sample.source)),
              entry("tokens", number(sample.tokens)), entry("trained", number(sample.trained)),
              entry("cut", number(sample.cut)), entry("left_out", .bool(sample.isLeftOut)),
              entry(
                "pieces",
                .array(
                  sample.pieces.map {
                    .object([
                      entry("text", .string($0.text)), entry("trained", .bool($0.isTrained)),
                    ])
                  }
                )
              ),
            ])
          }
        )
      )
    )
    return .object(entries)
  }
}
