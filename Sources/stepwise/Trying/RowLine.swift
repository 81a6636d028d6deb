import Components

/// A dataset's rows for a terminal and as JSON.
enum RowLine {
  static func table(_ rows: [Example]) -> TextTable {
    var table = TextTable(columns: [
      .init(title: "id", alignment: .right), .init(title: "prompt"), .init(title: "completion"),
      .init(title: "columns"),
    ])
    for row in rows {
      table.rows.append([
        Span("\(row.id)", .quiet), Span(ScoredBatch.beginning(row.prompt.plain, 44)),
        Span(ScoredBatch.beginning(row.completion?.plain ?? "", 28)),
        Span(row.columns.map { $0.name.printable }.joined(separator: ", "), .quiet),
      ])
    }
    return table
  }

  static func json(_ row: Example) -> ParameterValue {
    var entries = [
      ParameterEntry("id", Int64(exactly: row.id).map { .int($0) } ?? .string("\(row.id)")),
      ParameterEntry("prompt", text(row.prompt)),
    ]
    if let completion = row.completion {
      entries.append(ParameterEntry("completion", text(completion)))
    }
    if let difficulty = row.difficulty {
      entries.append(ParameterEntry("difficulty", .double(difficulty)))
    }
    if !row.stepBoundaries.isEmpty {
      entries.append(
        ParameterEntry("step_boundaries", .array(row.stepBoundaries.map { .int(Int64($0)) }))
      )
    }
    entries.append(
      ParameterEntry(
        "columns",
        .object(row.columns.map { ParameterEntry($0.name, value($0.value)) })
      )
    )
    return .object(entries)
  }

  private static func text(_ text: RowText) -> ParameterValue {
    switch text {
    case .text(let text): return .string(text)
    case .messages(let turns): return value(.messages(turns))
    }
  }

  private static func value(_ value: ColumnValue) -> ParameterValue {
    switch value {
    case .null: return .null
    case .int(let number): return .int(number)
    case .real(let number): return .double(number)
    case .text(let text): return .string(text)
    case .list(let values): return .array(values.map(Self.value))
    case .messages(let turns):
      return .array(
        turns.map {
          .object([
            ParameterEntry("role", .string($0.role)),
            ParameterEntry("content", .string($0.content)),
          ])
        }
      )
    }
  }
}

/// A strategy's plans for a terminal and as JSON.
enum PlanLine {
  static func cells(_ plan: StepPlan, step: Int) -> [Span] {
    let colour: TextStyle.Colour? =
      plan.kind == .sft ? .sft : plan.kind == .rl ? .rl : plan.kind == .both ? .both : .quiet
    let isSFT = plan.kind == .sft || plan.kind == .both
    let isRL = plan.kind == .rl || plan.kind == .both
    let numbers = plan.diagnostics.map { "\($0.name.printable) \(NumberText.short($0.value))" }
    return [
      Span("\(step)", .quiet), Span(plan.kind.name, TextStyle(colour: colour)),
      Span(isSFT ? NumberText.short(plan.sftWeight) : ""),
      Span(isRL ? NumberText.short(plan.rlWeight) : ""),
      Span(ScoredBatch.beginning(plan.reason, 60)),
      Span(numbers.joined(separator: "  "), .quiet),
    ]
  }

  static func json(_ plan: StepPlan, step: Int) -> ParameterValue {
    .object([
      ParameterEntry("step", .int(Int64(step))), ParameterEntry("kind", .string(plan.kind.name)),
      ParameterEntry("sft_weight", .double(plan.sftWeight)),
      ParameterEntry("rl_weight", .double(plan.rlWeight)),
      ParameterEntry("learning_rate_factor", .double(plan.learningRateFactor)),
      ParameterEntry("reason", .string(plan.reason)),
      ParameterEntry(
        "diagnostics",
        .object(plan.diagnostics.map { ParameterEntry($0.name, .double($0.value)) })
      ),
    ])
  }
}
