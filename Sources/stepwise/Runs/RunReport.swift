import Components
import Foundation
import RunStore
import Training

/// What `runs show` says of a run, as lines.
struct RunReport {
  let run: StoredRun
  /// The metrics with curves, in order.
  let metrics: [String]
  let columns: Int
  let glyphs: Glyphs

  static let labelWidth = 13

  init(_ run: StoredRun, metrics: [String], columns: Int, glyphs: Glyphs) {
    self.run = run
    self.metrics = metrics
    // Wider lines are harder to read, not richer.
    self.columns = max(72, min(columns, 110))
    self.glyphs = glyphs
  }

  var lines: [StyledLine] {
    let sections = [
      [heading], facts, plugins, strip, interventions, curves(rows: 1), evaluations, checkpoints,
      resumptions,
    ].filter { !$0.isEmpty }
    return sections.flatMap { [[]] + $0 }.map {
      $0.width == 0 ? $0 : (StyledLine([Span("  ")]) + $0)
    } + [[]]
  }

  /// The part that fits into a page: what it was, what was done step by step, and where that led.
  var picture: [StyledLine] {
    let wanted = ["sft/loss", "reward", "eval_pass@1"].filter { metrics.contains($0) }
    let strategy = metrics.filter { $0.hasPrefix("strategy/") }.prefix(1)
    let names = wanted.isEmpty ? Array(metrics.prefix(3)) : wanted + strategy
    let blank = StyledLine()
    var lines = [heading, blank]
    if let stepStrip { lines += stepStrip.lines + [blank, stepStrip.legend] }
    if !interventions.isEmpty { lines += [blank] + interventions }
    for name in names { lines += [blank] + curve(rows: 2).lines(name) }
    return lines
  }

  private var heading: StyledLine {
    var left: StyledLine = [
      Span(run.name.printable, .strong),
      Span(" \(glyphs.dot) ", .quiet), Span((run.overview.strategy ?? "").printable),
    ]
    if let count = run.parameterCount {
      left.spans.append(
        Span(" \(glyphs.dot) \(NumberText.quantity(Double(count))) parameters", .quiet)
      )
    }
    let total = run.overview.horizon.map { " of \(NumberText.grouped($0))" } ?? ""
    let right =
      "\(run.overview.state.rawValue), step \(NumberText.grouped(run.overview.steps))\(total)"
    return .justified(left, [Span(right, .quiet)], columns: columns - 2)
  }

  // MARK: What it is

  private func fact(_ label: String, _ value: String) -> StyledLine {
    StyledLine([Span(label, .quiet)]).padded(to: Self.labelWidth) + [Span(value.printable)]
  }

  private var facts: [StyledLine] {
    let configuration = run.configuration
    let training = configuration.training
    var lines: [StyledLine] = []
    if let provenance = run.provenance {
      lines.append(fact("started", provenance.startedAt))
      let host = provenance.host
      lines.append(
        fact("host", "\(host.cpu), \(host.system), \(Self.numerics(provenance))")
      )
    }
    lines.append(
      fact("model", configuration.modelNameOrPath ?? configuration.modelConfig?.json ?? "–")
    )
    lines.append(fact("seed", String(training.seed)))
    if configuration.demonstrations != nil {
      lines.append(
        fact(
          "SFT",
          "learning rate \(NumberText.short(training.sft.learningRate)), "
            + "\(training.sft.perDeviceTrainBatchSize) rows x \(training.sft.gradientAccumulationSteps)"
        )
      )
    }
    if configuration.prompts != nil {
      let grpo = training.grpo
      lines.append(
        fact(
          "GRPO",
          "learning rate \(NumberText.short(grpo.learningRate)), \(grpo.numGenerations) completions "
            + "for each of \(grpo.resolvedGenerationBatchSize / max(grpo.numGenerations, 1)) prompts, "
            + "beta \(NumberText.short(grpo.beta)), \(grpo.lossType.rawValue)"
        )
      )
    }
    if let seconds = run.seconds { lines.append(fact("time", NumberText.duration(seconds))) }
    if let tokens = run.tokens {
      lines.append(fact("tokens", NumberText.quantity(Double(tokens))))
    }
    lines.append(fact("size", NumberText.bytes(run.overview.size)))
    lines.append(fact("directory", run.shown))
    return lines
  }

  /// What the bits depend on.
  private static func numerics(_ provenance: Provenance) -> String {
    ["provider", "core_type", "kernel_level", "precision"].compactMap { provenance.numerics[$0] }
      .filter { !$0.isEmpty }.joined(separator: " ")
  }

  private var plugins: [StyledLine] {
    guard let plugins = run.provenance?.plugins, !plugins.isEmpty else { return [] }
    var table = TextTable(columns: [
      .init(title: "slot"), .init(title: "plugin"), .init(title: "version"),
      .init(title: "SHA-256"),
    ])
    for plugin in plugins {
      table.rows.append([
        Span(plugin.slot.printable), Span(plugin.id.printable, .strong), Span(plugin.version),
        Span(String(plugin.digest.prefix(16)), .quiet),
      ])
    }
    return table.lines(rule: glyphs.barRest)
  }

  // MARK: What it did

  private var journal: [(mark: Character, line: JournalLine)] {
    run.journal.enumerated().map { (JournalLine.mark($0), JournalLine($1)) }
  }

  private var strip: [StyledLine] {
    stepStrip.map { $0.lines + [$0.legend] } ?? []
  }

  private var stepStrip: StepStrip? {
    let steps = run.steps
    return steps.isEmpty
      ? nil
      : StepStrip(
        steps: steps,
        marks: journal.compactMap { item in item.line.step.map { ($0, item.mark) } },
        columns: columns - 2,
        glyphs: glyphs
      )
  }

  private var interventions: [StyledLine] {
    journal.map { mark, line in
      let step = line.step.map { "step \(NumberText.grouped($0))" } ?? ""
      var out: StyledLine = [
        Span("\(mark)", .strong), Span(" "),
        Span(step.padded(to: 11), .quiet), Span("\(line.time)  ", .quiet),
        Span(line.text, line.isDone ? .plain : .quiet),
      ]
      if !line.by.isEmpty { out.spans.append(Span("  (\(line.by.printable))", .quiet)) }
      return out.clipped(to: columns)
    }
  }

  private func curve(rows: Int) -> CurveLines {
    let first = Double(run.steps.first?.step ?? 0)
    let last = Double((run.steps.last?.step ?? 0) + 1)
    return CurveLines(
      table: run.metrics,
      range: first..<max(last, first + 1),
      columns: columns - 2,
      rows: rows,
      glyphs: glyphs
    )
  }

  private func curves(rows: Int) -> [StyledLine] {
    let curve = curve(rows: rows)
    return metrics.flatMap { curve.lines($0) }
  }

  private var evaluations: [StyledLine] {
    let results = run.heldOut
    guard !results.isEmpty else { return [] }
    var table = TextTable(columns: [
      .init(title: "step", alignment: .right), .init(title: "held out", alignment: .right),
      .init(title: "95 % interval"), .init(title: "since the first", alignment: .right),
      .init(title: "95 % interval"), .init(title: "prompts", alignment: .right),
    ])
    for result in results {
      var row = [
        Span(NumberText.grouped(result.step)),
        Span(NumberText.fixed(result.accuracy.value, 3), .strong),
        Span(result.accuracy.interval), Span(""), Span(""), Span(NumberText.grouped(result.count)),
      ]
      if let first = results.first, first.step != result.step,
        let gain = first.paired(with: result)?.difference
      {
        row[3] = Span(gain.signed, TextStyle(colour: gain.low > 0 ? .good : nil))
        row[4] = Span(gain.interval)
      }
      table.rows.append(row)
    }
    return table.lines(rule: glyphs.barRest)
  }

  // MARK: What there is to go on from

  private var checkpoints: [StyledLine] {
    let steps = run.checkpoints.map { NumberText.grouped($0.step) }
    return steps.isEmpty ? [] : [fact("checkpoints", "steps \(steps.joined(separator: ", "))")]
  }

  private var resumptions: [StyledLine] {
    (run.provenance?.resumptions ?? []).map { resumption in
      let changes =
        resumption.changes.isEmpty ? "" : ": \(resumption.changes.joined(separator: "; "))"
      return fact(
        "resumed",
        "at step \(NumberText.grouped(resumption.step)), \(resumption.at)\(changes)"
      )
    }
  }
}

extension HeldOutResult {
  /// How much better `later` is, prompt by prompt; `nil` where the prompts are not known to be the same in number.
  func paired(with later: HeldOutResult) -> PairedComparison? {
    guard !solved.isEmpty, solved.count == later.solved.count else { return nil }
    return PairedComparison(before: solved, after: later.solved)
  }
}

extension Estimate {
  /// +0.043
  var signed: String { (value < 0 ? "" : "+") + NumberText.fixed(value, 3) }
}
