import Components
import LanguageModels
import Tensors

extension Trainer {
  /// Prompts, completions, rewards, routes, advantages, and the log-probs that the loss will need.
  func makeGenerationBatch(_ plan: StepPlan) throws -> GenerationBatch {
    guard let source = prompts else { preconditionFailure("an RL plan without prompts") }
    let members = plan.samplesPerPrompt ?? configuration.grpo.numGenerations
    let examples = try source.nextPlaced(
      configuration.grpo.resolvedGenerationBatchSize / members,
      difficulty: plan.difficulty
    )
    var groups = try examples.map { place, example in
      try rewards.check(example, slot: source.slot)
      try requireDemonstration(example, slot: source.slot)
      return try RolloutGroup(example, rows: rows, slot: source.slot, place: place)
    }
    tellOfLongPrompts(groups)
    try sample(&groups, size: members - plan.groupDemonstrations)
    let firstJudged = state.rolloutsDrawn
    var (sequences, routed) = try route(groups)
    if !sequences.isEmpty { try assignAdvantages(&sequences) }
    if configuration.grpo.logCompletions {
      rolloutRecords += describe(groups, sequences, firstJudged: firstJudged).map(\.record)
    }
    let order = random.permutation(
      sequences.count,
      .shuffleGeneration,
      UInt64(state.generations)
    )
    sequences = order.map { sequences[$0] }
    try addLogProbs(&sequences)
    state.generations += 1
    let masked = configuration.grpo.maskTruncatedCompletions
    return GenerationBatch(
      sequences: sequences,
      routedDemonstrations: routed,
      itemCount: sequences.reduce(0) {
        $0 + (masked && $1.truncated ? 0 : $1.sampledTokens)
      },
      statistics: try describe(groups)
    )
  }

  /// Says once that a prompt leaves no room for a completion within the positions that the model was made for.
  private func tellOfLongPrompts(_ groups: [RolloutGroup]) {
    let positions = model.configuration.maxPositionEmbeddings
    let room = positions - configuration.grpo.maxCompletionLength
    guard !hasToldOfLongPrompts, let group = groups.first(where: { $0.prompt.count > room })
    else { return }
    hasToldOfLongPrompts = true
    observer?.observe(
      .warning(
        "prompts: row \(group.example.id) has \(group.prompt.count) tokens, which with "
          + "grpo.max_completion_length \(configuration.grpo.maxCompletionLength) are more than the "
          + "\(positions) positions (max_position_embeddings) that the model was made for; others may "
          + "follow. Lower grpo.max_completion_length, or leave such rows out"
      )
    )
  }

  /// Fails at a row without what the strategy says that it needs of every prompt.
  private func requireDemonstration(_ example: Example, slot: String) throws {
    guard parts.strategy.requirements.contains(.promptDemonstrations), example.completion == nil
    else { return }
    throw TrainingError.row(
      slot: slot,
      id: example.id,
      problem: "has no demonstration, which strategy \(parts.strategy.identity.id) needs of every "
        + "prompt",
      cure: "Give each row of the prompts a completion, or use another strategy"
    )
  }

  /// Samples every group to its full size; strategies that shape rollouts see the rewards after each micro-group.
  private func sample(_ groups: inout [RolloutGroup], size: Int) throws {
    while groups.contains(where: { $0.samples.count < size }) {
      var requests: [GenerationRequest] = []
      var owners: [Int] = []
      for index in groups.indices where groups[index].samples.count < size {
        let room = size - groups[index].samples.count
        let prefixes = try prefixes(for: groups[index], index, size: size, room: room)
        requests.append(
          GenerationRequest(
            prompt: groups[index].prompt,
            samples: prefixes.map { prefix in
              defer { state.rolloutsDrawn += 1 }
              return .init(id: state.rolloutsDrawn, prefix: prefix)
            }
          )
        )
        owners.append(index)
      }
      let completions = try generate(requests)
      for (owner, drawn) in zip(owners, completions) { groups[owner].fresh = drawn }
      try groups.scoreFresh(
        with: rewards,
        rows: rows,
        step: state.step,
        seed: configuration.seed,
        observe: { [control] in control?.scored($0, $1) }
      )
    }
  }

  /// What the samples of the next micro-group of a prompt start with.
  private func prefixes(
    for group: RolloutGroup,
    _ index: Int,
    size: Int,
    room: Int
  ) throws
    -> [[Int32]]
  {
    let demonstration = try demonstratedCompletion(group.example)?.tokens ?? []
    let (random, step) = (random, UInt64(state.step))
    let request = RolloutShapeRequest(
      step: state.step,
      prompt: index,
      exampleID: group.example.id,
      groupSize: size,
      demonstration: demonstration,
      stepBoundaries: rows.boundaries(group.example, in: demonstration),
      rewards: group.samples.map(\.total),
      uniform: {
        random.uniform(.rolloutShape, step << 24 | UInt64(index), item: $0)
      }
    )
    guard let shape = try parts.strategy.shapeRollout(request) else {
      return Array(repeating: [], count: room)
    }
    guard !shape.prefixLengths.isEmpty, shape.prefixLengths.count <= room,
      shape.prefixLengths.allSatisfy({ 0...demonstration.count ~= $0 })
    else {
      throw TrainingError.strategy(
        step: state.step,
        hook: "shape_rollout",
        problem: "answered prefix lengths \(shape.prefixLengths), where 1 to \(room) lengths of at "
          + "most \(demonstration.count) tokens fit"
      )
    }
    return shape.prefixLengths.map { Array(demonstration.prefix($0)) }
  }

  /// A prompt's demonstration as one of its completions could be: to the first token that ends one, and to the length limit.
  func demonstratedCompletion(_ example: Example) throws -> (tokens: [Int32], isCut: Bool)? {
    guard var tokens = try rows.completion(example, slot: "prompts") else { return nil }
    if let end = tokens.firstIndex(where: endOfSequence.contains) {
      tokens.removeLast(tokens.count - end - 1)
    }
    let excess = tokens.count - configuration.grpo.maxCompletionLength
    if excess > 0 { tokens.removeLast(excess) }
    return (tokens, excess > 0)
  }

  private func generate(_ requests: [GenerationRequest]) throws -> [[Completion]] {
    let grpo = configuration.grpo
    return try generator.generate(
      requests,
      options: GenerationOptions(
        temperature: grpo.temperature,
        topK: grpo.topK,
        topP: grpo.topP,
        minP: grpo.minP,
        repetitionPenalty: grpo.repetitionPenalty,
        maxCompletionLength: grpo.maxCompletionLength,
        eosTokenIDs: endOfSequence
      ),
      seed: configuration.seed,
      progress: { [weak observer] done, total in
        observer?.observe(.generating(done: done, total: total))
      }
    )
  }

  /// log p under the generating policy (where the loss will differ from it) and under the reference.
  private func addLogProbs(_ sequences: inout [TrainingSequence]) throws {
    let grpo = configuration.grpo
    // TRL: otherwise every use of the batch happens before the first update, and the detached current ones are the same.
    let use = grpo.resolvedStepsPerGeneration * grpo.numIterations
    let needsOld = grpo.gradientAccumulationSteps % use != 0
    guard needsOld || reference != nil else { return }
    let size = grpo.perDeviceTrainBatchSize
    for start in stride(from: 0, to: sequences.count, by: size) {
      let range = start..<min(sequences.count, start + size)
      let batch = MicroBatch(sequences[range])
      let temperature = Float(grpo.temperature)
      let old = needsOld ? measure(batch, with: model, temperature: temperature).logProbs : nil
      let ref = reference.map { measure(batch, with: $0, temperature: temperature).logProbs }
      for (offset, index) in range.enumerated() {
        sequences[index].oldLogProbs = old.map { Array($0[batch.range(offset)]) }
        sequences[index].refLogProbs = ref.map { Array($0[batch.range(offset)]) }
      }
    }
  }
}
