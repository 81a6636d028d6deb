import CStepwisePlugin
import Components

/// Takes a strategy's plan: the defaults that it starts from, the sinks for what varies in size, and the checks.
final class PlanCollector {
  /// What is wrong with a plan.
  struct Problem: Error {
    var message: String
    var cure: String?
  }

  private var exampleIDs: [UInt64] = []
  private var reason = ""
  private var diagnostics: [Diagnostic] = []
  /// More rows than a step ever has, more numbers than anybody reads.
  private static let idLimit = 1 << 24
  private static let diagnosticLimit = 1024

  /// A plan with the host's defaults; lives as long as this object.
  func plan() -> stepwise_step_plan {
    var plan = stepwise_step_plan()
    plan.struct_size = sizeOf(stepwise_step_plan.self)
    plan.sft_weight = 1
    plan.rl_weight = 1
    plan.learning_rate_factor = 1
    plan.max_grad_norm = .nan
    plan.difficulty_low = .nan
    plan.difficulty_high = .nan
    plan.skip_above_grad_norm = .nan
    plan.host_data = Unmanaged.passUnretained(self).toOpaque()
    plan.add_example_ids = { plan, ids, count in
      let collector = PlanCollector.of(plan)
      guard let ids, count <= UInt64(PlanCollector.idLimit - collector.exampleIDs.count) else {
        return
      }
      collector.exampleIDs += UnsafeBufferPointer(start: ids, count: Int(count))
    }
    plan.set_reason = { plan, reason in
      PlanCollector.of(plan).reason = displayString(reason, limit: 4096)
    }
    plan.add_diagnostic = { plan, name, value in
      let collector = PlanCollector.of(plan)
      guard collector.diagnostics.count < PlanCollector.diagnosticLimit else { return }
      collector.diagnostics.append(Diagnostic(displayString(name, limit: 256), value))
    }
    return plan
  }

  private static func of(_ plan: UnsafeMutablePointer<stepwise_step_plan>?) -> PlanCollector {
    Unmanaged<PlanCollector>.fromOpaque(plan!.pointee.host_data).takeUnretainedValue()
  }

  /// The plan, when it is one.
  func check(_ plan: stepwise_step_plan) throws(Problem) -> StepPlan {
    guard let kind = StepKind(rawValue: plan.kind) else {
      throw Problem(message: "the plan's kind is \(plan.kind)", cure: "set it to STEPWISE_STEP_...")
    }
    guard let slot = ExampleSlot(rawValue: plan.example_slot) else {
      throw Problem(
        message: "the plan's example_slot is \(plan.example_slot)",
        cure: "use STEPWISE_SLOT_..."
      )
    }
    let checked = StepPlan(
      kind,
      sftWeight: plan.sft_weight,
      rlWeight: plan.rl_weight,
      learningRateFactor: plan.learning_rate_factor,
      samplesPerPrompt: plan.samples_per_prompt == 0 ? nil : Int(plan.samples_per_prompt),
      groupDemonstrations: Int(plan.group_demonstrations),
      optimizerSlot: Int(plan.optimizer_slot),
      maxGradNorm: plan.max_grad_norm.isNaN ? nil : plan.max_grad_norm,
      skipAboveGradNorm: plan.skip_above_grad_norm.isNaN ? nil : plan.skip_above_grad_norm,
      exampleIDs: exampleIDs,
      exampleSlot: slot,
      difficulty: try difficulty(plan),
      snapshotReference: plan.snapshot_reference != 0,
      reason: reason,
      diagnostics: diagnostics
    )
    try checked.check()
    return checked
  }

  private func difficulty(_ plan: stepwise_step_plan) throws(Problem) -> ClosedRange<Double>? {
    let (low, high) = (plan.difficulty_low, plan.difficulty_high)
    if low.isNaN && high.isNaN { return nil }
    guard low <= high else {
      throw Problem(
        message: "the plan's difficulty window is \(low) to \(high)",
        cure: "give two numbers, the lower first, or NaN twice"
      )
    }
    return low...high
  }
}

extension StepPlan {
  /// What the types do not say: finite weights that are not negative, a clip above 0.
  func check() throws(PlanCollector.Problem) {
    for (name, value) in [
      ("sft_weight", sftWeight), ("rl_weight", rlWeight),
      ("learning_rate_factor", learningRateFactor),
    ] where !(value.isFinite && value >= 0) {
      throw PlanCollector.Problem(
        message: "the plan's \(name) is \(value)",
        cure: "give a finite number of at least 0"
      )
    }
    if let limit = skipAboveGradNorm, !(limit > 0) {
      throw PlanCollector.Problem(
        message: "the plan's skip_above_grad_norm is \(limit)",
        cure: "give a number above 0, or NaN to always update"
      )
    }
    if let maxGradNorm, !(maxGradNorm > 0) {
      throw PlanCollector.Problem(
        message: "the plan's max_grad_norm is \(maxGradNorm)",
        cure: "give a number above 0, or NaN for the configured one"
      )
    }
  }
}
