public import Components
import Tensors

extension Trainer {
  /// One optimizer step, from the strategy's plan to its report.
  ///
  /// - Returns: whether it was made: not where whoever steers the run recovered from its failure.
  @discardableResult
  func runStep() throws -> Bool {
    let clock = ContinuousClock()
    let began = clock.now
    let before = try snapshot()
    rolloutRecords = []
    var weightsAreThoseBefore = true
    do {
      let plan = try planStep()
      let work = try namingSources { try gather(plan) }
      var outcome = try differentiate(work, plan)
      weightsAreThoseBefore = false
      let rate = update(plan, &outcome)
      state.step += 1
      if outcome.sft != nil { state.sftSteps += 1 }
      if outcome.rl != nil { state.rlSteps += 1 }
      state.trainedTokens += outcome.tokens
      if isDue(configuration.evaluation.evalSteps) || state.step == horizon { try evaluate() }
      let report = StepReport(
        step: state.step - 1,
        kind: outcome.kind,
        sft: outcome.sft,
        rl: outcome.rl,
        gradNorm: outcome.gradNorm,
        gradientCosine: outcome.cosine,
        learningRate: rate,
        totalTokens: state.trainedTokens,
        evaluation: state.evaluation
      )
      try finish(report, plan, work, outcome, seconds: (clock.now - began).seconds)
      return true
    } catch {
      if try control?.recovers(self, from: error) == true { return false }
      guard weightsAreThoseBefore else { throw error }
      // Whatever failed, a plugin or the numbers: the run stands on the disk as it was before the step. The plugins are asked
      // for nothing more, since one of them may be the cause.
      state = before.state
      try writeCheckpoint(snapshotBeforeTheUnproven ?? before)
      throw error
    }
  }

  /// Asks the strategy until its answer is work, carrying out its measurements.
  private func planStep() throws -> StepPlan {
    for measurements in 0...Self.measurementLimit {
      let plan = try parts.strategy.beginStep(context(measurements: measurements))
      try check(plan)
      if plan.snapshotReference, needsReference { try snapshotReference() }
      guard plan.kind == .measure else { return plan }
      let measured = try measureProbe()
      let report = StepReport(
        step: state.step,
        kind: .measure,
        probe: measured,
        totalTokens: state.trainedTokens,
        evaluation: state.evaluation
      )
      try remember(report)
      try recordDecision(plan, kind: .measure, gradNorm: measured.gradNorm)
    }
    throw TrainingError.strategy(
      step: state.step,
      hook: "begin_step",
      problem: "asked for more than \(Self.measurementLimit) measurements in one step"
    )
  }

  /// A strategy that measures more often than this before one step is in a loop.
  private static let measurementLimit = 4

  /// What a strategy would be told before the next step.
  public var nextContext: StepContext { context(measurements: 0) }

  private func context(measurements: Int) -> StepContext {
    let (random, step) = (random, UInt64(state.step))
    return StepContext(
      step: state.step,
      horizon: horizon,
      measurements: measurements,
      seed: configuration.seed,
      uniform: { random.uniform(.strategy, step, item: $0) },
      sftSteps: state.sftSteps,
      rlSteps: state.rlSteps,
      history: state.history
    )
  }

  private func check(_ plan: StepPlan) throws {
    func refuse(_ problem: String) -> TrainingError {
      .strategy(step: state.step, hook: "begin_step", problem: problem)
    }
    let source = plan.exampleIDs.isEmpty ? .demonstrations : plan.exampleSlot
    if plan.kind == .sft || plan.kind == .both, source == .demonstrations, demonstrations == nil {
      throw refuse("asked for SFT, but the run has no demonstrations: section")
    }
    if plan.kind == .sft || plan.kind == .both, source == .prompts, prompts == nil {
      throw refuse("asked for rows of the prompts, but the run has no prompts: section")
    }
    if plan.kind == .rl || plan.kind == .both, prompts == nil || rewards.rewards.isEmpty {
      throw refuse("asked for RL, but the run has no prompts: section or no rewards")
    }
    if plan.kind == .measure, probe.isEmpty {
      throw refuse("asked for a measurement without declaring that it needs the probe")
    }
    for (name, value) in [
      ("sft_weight", plan.sftWeight), ("rl_weight", plan.rlWeight),
      ("learning_rate_factor", plan.learningRateFactor),
    ] where !value.isFinite || value < 0 {
      throw refuse("answered \(name) \(value), which is not a finite number of 0 or more")
    }
    let members = plan.samplesPerPrompt ?? configuration.grpo.numGenerations
    if plan.groupDemonstrations < 0 || plan.groupDemonstrations >= members {
      throw refuse(
        "keeps \(plan.groupDemonstrations) of \(members) members of a group for demonstrations: at "
          + "least one must be sampled"
      )
    }
    if let limit = plan.skipAboveGradNorm, !(limit > 0) {
      throw refuse("answered skip_above_grad_norm \(limit), which is not above 0")
    }
    if let samples = plan.samplesPerPrompt,
      samples < 2 || configuration.grpo.resolvedGenerationBatchSize % samples != 0
    {
      throw refuse(
        "asked for \(samples) samples per prompt, which does not divide the generation batch of "
          + "\(configuration.grpo.resolvedGenerationBatchSize)"
      )
    }
    if plan.optimizerSlot < 0 || plan.optimizerSlot >= OptimizerSlots.limit {
      throw refuse(
        "named optimizer slot \(plan.optimizerSlot), outside 0..<\(OptimizerSlots.limit)"
      )
    }
  }

  /// Clips, steps AdamW and gives the learning rate that was used.
  private func update(_ plan: StepPlan, _ outcome: inout StepOutcome) -> Double {
    let limit = plan.maxGradNorm ?? configuration.maxGradNorm
    // torch.nn.utils.clip_grad_norm_: the 1e-6 keeps a zero norm from dividing.
    let clip = limit > 0 ? min(1, limit / (outcome.gradNorm + 1e-6)) : 1
    // What was planned decides, not what was left after routing: a step whose every prompt went to SFT must not be taken with
    // another rate than the step before it.
    let base =
      plan.kind == .sft ? configuration.sft.learningRate : configuration.grpo.learningRate
    let rate =
      base * plan.learningRateFactor
      * configuration.schedule(horizon: horizon).factor(at: state.step)
    // Nothing was trained where a route dropped everything: AdamW would still move by its momentum.
    outcome.isSkipped = plan.skipAboveGradNorm.map { outcome.gradNorm > $0 } ?? false
    if outcome.tokens > 0, !outcome.isSkipped {
      optimizer.step(slot: plan.optimizerSlot, learningRate: rate, gradientScale: clip)
    }
    return rate
  }

  /// Tells the strategy and keeps the report for its history.
  func remember(_ report: StepReport) throws {
    try parts.strategy.endStep(report)
    state.history.append(report)
    if state.history.count > StepContext.historyLimit {
      state.history.removeFirst(state.history.count - StepContext.historyLimit)
    }
  }
}

extension Duration {
  /// As a real number of seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
