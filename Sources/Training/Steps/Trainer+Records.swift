import Components
import RunStore

extension Trainer {
  /// Tells strategy, files and observer what a step did.
  func finish(
    _ report: StepReport,
    _ plan: StepPlan,
    _ work: StepWork,
    _ outcome: StepOutcome,
    seconds: Double
  ) throws {
    try remember(report)
    let tokens = (report.sft?.tokens ?? 0) + (report.rl?.tokens ?? 0) + work.generatedTokens
    let metrics = metrics(of: report, plan, work, outcome, seconds: seconds, tokens: tokens)
    state.pendingMetrics.add(metrics)
    try recordDecision(
      plan,
      kind: report.kind,
      gradNorm: report.gradNorm,
      isSkipped: outcome.isSkipped
    )
    try run.append(rolloutRecords, to: .rollouts)
    rolloutRecords = []
    if isDue(configuration.loggingSteps) || state.step == horizon {
      var record = Record()
      record["step"] = .int(Int64(state.step))
      for metric in state.pendingMetrics.drain() { record[metric.name] = .double(metric.value) }
      for source in [prompts, demonstrations].compactMap({ $0 }) {
        for (name, rows) in source.drawnBySource {
          record["data/\(source.slot)/\(name)"] = .int(Int64(rows))
        }
      }
      if let rows = state.overlongRows { record["sft/overlong_rows"] = .int(Int64(rows)) }
      try run.append(record, to: .metrics)
    }
    observer?.observe(
      .step(
        StepRecord(
          step: report.step,
          horizon: horizon,
          report: report,
          diagnostics: plan.diagnostics,
          reason: plan.reason,
          metrics: metrics,
          seconds: seconds,
          tokens: tokens
        )
      )
    )
  }

  /// One line of decisions.jsonl: why the step was what it was.
  func recordDecision(
    _ plan: StepPlan,
    kind: StepKind,
    gradNorm: Double,
    isSkipped: Bool = false
  ) throws {
    var record: Record = [
      "step": .int(Int64(kind == .measure ? state.step : state.step - 1)),
      "kind": .string(kind.name), "planned": .string(plan.kind.name),
      "reason": .string(plan.reason), "grad_norm": .double(gradNorm),
    ]
    if plan.snapshotReference { record["snapshot_reference"] = .bool(true) }
    if isSkipped { record["update_skipped"] = .bool(true) }
    if plan.kind == .both {
      record["sft_weight"] = .double(plan.sftWeight)
      record["rl_weight"] = .double(plan.rlWeight)
    }
    if plan.learningRateFactor != 1 {
      record["learning_rate_factor"] = .double(plan.learningRateFactor)
    }
    for diagnostic in plan.diagnostics { record[diagnostic.name] = .double(diagnostic.value) }
    try run.append(record, to: .decisions)
  }

  private func metrics(
    of report: StepReport,
    _ plan: StepPlan,
    _ work: StepWork,
    _ outcome: StepOutcome,
    seconds: Double,
    tokens: Int
  ) -> [Diagnostic] {
    var metrics: [Diagnostic] = []
    func add(_ name: String, _ value: Double?) {
      if let value, !value.isNaN { metrics.append(Diagnostic(name, value)) }
    }
    add("loss", outcome.loss)
    add("grad_norm", report.gradNorm)
    add("learning_rate", report.learningRate)
    add("num_tokens", Double(report.totalTokens))
    add("epoch", (demonstrations ?? prompts)?.epochProgress)
    add("step_time", seconds)
    add("tokens_per_second", seconds > 0 ? Double(tokens) / seconds : nil)
    if plan.skipAboveGradNorm != nil { add("update_skipped", outcome.isSkipped ? 1 : 0) }
    add("sft_share", report.kind == .sft ? 1 : report.kind == .both ? 0.5 : 0)
    if let sft = report.sft {
      add("sft/loss", sft.loss)
      add("sft/grad_norm", sft.gradNorm)
      add("sft/entropy", sft.entropy)
      add("sft/mean_token_accuracy", sft.meanTokenAccuracy)
    }
    if let rl = report.rl {
      add("rl/loss", rl.loss)
      add("rl/grad_norm", rl.gradNorm)
      for entry in outcome.policyMetrics?.entries ?? [] { add(entry.name, entry.value) }
      metrics += work.statistics?.metrics ?? []
    }
    add("grad_cosine", report.gradientCosine)
    metrics += outcome.gradientParts
    metrics += parts.ownMetrics()
    metrics += plan.diagnostics.map { Diagnostic("strategy/\($0.name)", $0.value) }
    return metrics
  }
}
