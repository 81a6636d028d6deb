import Components

/// What an optimizer step trains on.
struct StepWork {
  /// A micro-batch of rollouts, with the normaliser of its generation batch.
  struct Rollouts {
    var batch: MicroBatch
    /// Trained tokens of the whole generation batch.
    var itemCount: Int
    /// Sequences of the whole optimizer step.
    var sequencesInStep = 0
  }
  /// Demonstrations, micro-batch by micro-batch; empty without an SFT part.
  var demonstrations: [MicroBatch] = []
  /// Rollouts, micro-batch by micro-batch; empty without an RL part.
  var rollouts: [Rollouts] = []
  /// What the generation batches of this step looked like.
  var statistics: RolloutStatistics?
  /// Tokens that were generated in this step.
  var generatedTokens = 0

  /// SFT first, then RL: the order of every whole-step array.
  var batches: [MicroBatch] { demonstrations + rollouts.map(\.batch) }
}

extension Trainer {
  /// Draws demonstrations and makes or goes on using rollouts, as the plan says.
  func gather(_ plan: StepPlan) throws -> StepWork {
    var work = StepWork()
    var routed: [TrainingSequence] = []
    if plan.kind == .rl || plan.kind == .both {
      for _ in 0..<configuration.grpo.gradientAccumulationSteps {
        let (slice, demonstrations, fresh) = try nextRollouts(plan)
        routed += demonstrations
        work.generatedTokens += fresh?.statistics.generatedTokens ?? 0
        work.statistics = state.generation?.statistics
        if !slice.isEmpty {
          work.rollouts.append(
            .init(batch: MicroBatch(slice), itemCount: state.generation?.itemCount ?? 0)
          )
        }
      }
    }
    let count = work.rollouts.reduce(0) { $0 + $1.batch.sequences.count }
    for index in work.rollouts.indices { work.rollouts[index].sequencesInStep = count }
    if plan.kind == .sft || plan.kind == .both {
      work.demonstrations = try demonstrationMicroBatches(plan)
    }
    work.demonstrations += microBatches(routed, of: configuration.sft.perDeviceTrainBatchSize)
    return work
  }

  /// The next micro-batch of rollouts, with its share of the demonstrations that took rollouts' places; a new generation batch
  /// when the last is used up.
  private func nextRollouts(
    _ plan: StepPlan
  ) throws -> (
    slice: ArraySlice<TrainingSequence>, demonstrations: ArraySlice<TrainingSequence>,
    fresh: GenerationBatch?
  ) {
    let steps = configuration.grpo.resolvedStepsPerGeneration
    let (use, index) = (steps * configuration.grpo.numIterations, state.rlMicroSteps)
    var fresh: GenerationBatch?
    if index % use == 0 || state.generation == nil {
      fresh = try makeGenerationBatch(plan)
      state.generation = fresh
    }
    state.rlMicroSteps += 1
    let batch = state.generation!
    return (
      batch.slice(index % steps, of: steps), batch.routedSlice(index % steps, of: steps), fresh
    )
  }

  private func demonstrationMicroBatches(_ plan: StepPlan) throws -> [MicroBatch] {
    let stored = !plan.exampleIDs.isEmpty && plan.exampleSlot == .prompts
    guard let source = stored ? prompts : demonstrations else { return [] }
    let sft = configuration.sft
    if sft.packing, plan.exampleIDs.isEmpty { return try packedMicroBatches(plan, source) }
    let sequences =
      plan.exampleIDs.isEmpty
      ? try nextDemonstrations(sft.rowsPerStep, of: source, difficulty: plan.difficulty)
      : counted(
        try source.rows(withIDs: plan.exampleIDs).map {
          try demonstration($0, slot: source.slot)
        }
      )
    return microBatches(sequences, of: sft.perDeviceTrainBatchSize)
  }

  /// A row as an SFT sequence; a row that trains nothing is an error that names it. Of one that `sft.on_overlong_row` leaves out the
  /// sequence is longer than `sft.max_length`: whoever asks for it drops it.
  func demonstration(
    _ example: Example,
    slot: String,
    group: Int = -1,
    weight: Double = 1
  ) throws
    -> TrainingSequence
  {
    guard let row = try rows.demonstration(example, configuration.sft, slot: slot) else {
      throw TrainingError.row(
        slot: slot,
        id: example.id,
        problem: "has no completion to imitate",
        cure: "Use rows with prompt and completion, text or messages in the demonstrations slot"
      )
    }
    let sequence = TrainingSequence.demonstration(row, group: group, weight: weight)
    guard sequence.trainedTokens > 0 else {
      throw TrainingError.row(
        slot: slot,
        id: example.id,
        problem: "has no token left to train within sft.max_length \(configuration.sft.maxLength)",
        cure: sequence.truncated
          ? "Raise sft.max_length, or set sft.on_overlong_row to skip" : "Leave the row out"
      )
    }
    return sequence
  }

  /// Does something with rows; an error about a row of a mixture then names the row's source and its number there, since the number
  /// that it has in the mixture says nothing to people.
  func namingSources<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch TrainingError.row(let slot, let id, let problem, let cure) {
      let dataset: (any Dataset)? =
        switch slot {
        case "prompts": parts.prompts
        case "demonstrations": parts.demonstrations
        default: nil
        }
      guard let origin = (dataset as? DatasetMixture)?.origin(ofRow: id) else {
        throw TrainingError.row(slot: slot, id: id, problem: problem, cure: cure)
      }
      throw TrainingError.row(
        slot: "\(slot), \(origin.name)",
        id: origin.id,
        problem: problem,
        cure: cure
      )
    }
  }

  /// Cuts sequences into micro-batches of `size`, the last one shorter.
  func microBatches(_ sequences: [TrainingSequence], of size: Int) -> [MicroBatch] {
    stride(from: 0, to: sequences.count, by: size).map {
      MicroBatch(sequences[$0..<min(sequences.count, $0 + size)])
    }
  }
}
