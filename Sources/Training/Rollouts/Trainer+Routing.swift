import Components
import LanguageModels

extension Trainer {
  /// Turns groups into sequences as the strategy routes them.
  ///
  /// - Returns: the RL part's sequences in group order, and the demonstrations that go to the SFT part.
  func route(
    _ groups: [RolloutGroup]
  ) throws -> (
    rl: [TrainingSequence], routed: [TrainingSequence]
  ) {
    let request = RouteRequest(
      step: state.step,
      prompts: groups.map { group in
        PromptGroup(
          exampleID: group.example.id,
          rewards: group.samples.map(\.total),
          succeeded: group.samples.map(\.solved),
          hasDemonstration: group.example.completion != nil
        )
      }
    )
    let routes =
      try parts.strategy.route(request)
      ?? Array(repeating: PromptRoute(), count: groups.count)
    guard routes.count == groups.count else {
      throw refuse("gave \(routes.count) routes for \(groups.count) prompts")
    }
    var rl: [TrainingSequence] = []
    var routed: [TrainingSequence] = []
    var judged: [Int] = []
    for (index, (group, route)) in zip(groups, routes).enumerated() {
      guard route.weight.isFinite, route.demonstrationReward?.isFinite ?? true else {
        throw refuse("gave a weight or a demonstration reward that is not finite")
      }
      if route.keepRollouts {
        rl += group.samples.map { sample in
          TrainingSequence(
            kind: .rollout,
            exampleID: group.example.id,
            group: index,
            prompt: group.prompt,
            completion: sample.completion.tokens,
            hintLength: sample.completion.prefixCount,
            scores: sample.scores,
            reward: sample.total,
            weight: route.weight,
            truncated: sample.completion.finishReason == .length
          )
        }
      }
      switch route.demonstration {
      case .none: break
      case .sft:
        guard group.example.completion != nil else { throw noDemonstration(group) }
        routed += counted([
          try demonstration(
            group.example,
            slot: "prompts",
            group: index,
            weight: route.weight
          )
        ])
      case .groupMember:
        if route.demonstrationReward == nil { judged.append(rl.count) }
        rl.append(try member(group, index, route))
      }
    }
    try judge(judged, of: &rl, in: groups)
    return (rl, routed)
  }

  /// A demonstration as a member like the others: the same prompt, whole and untrained, and the limits of a completion.
  private func member(
    _ group: RolloutGroup,
    _ index: Int,
    _ route: PromptRoute
  ) throws -> TrainingSequence {
    guard let demonstrated = try demonstratedCompletion(group.example) else {
      throw noDemonstration(group)
    }
    return TrainingSequence(
      kind: .scoredDemonstration,
      exampleID: group.example.id,
      group: index,
      prompt: group.prompt,
      completion: demonstrated.tokens,
      reward: route.demonstrationReward,
      weight: route.weight,
      truncated: demonstrated.isCut
    )
  }

  private func noDemonstration(_ group: RolloutGroup) -> TrainingError {
    refuse("asked for the demonstration of row \(group.example.id), which has none")
  }

  /// Gives demonstrations the scores that the run's rewards would give to such completions.
  private func judge(
    _ places: [Int],
    of sequences: inout [TrainingSequence],
    in groups: [RolloutGroup]
  ) throws {
    guard !places.isEmpty else { return }
    let items = places.map { place in
      let sequence = sequences[place]
      defer { state.rolloutsDrawn += 1 }
      return groups[sequence.group].item(
        state.rolloutsDrawn,
        sequence.completion,
        truncated: sequence.truncated,
        rows: rows
      )
    }
    let scores = try rewards.score(
      RewardBatch(step: state.step, seed: configuration.seed, items: items)
    )
    for (item, total) in rewards.totals(scores).enumerated() {
      sequences[places[item]].scores = scores.map { $0[item] }
      sequences[places[item]].reward = total
    }
  }

  /// The strategy's advantages, or TRL's.
  func assignAdvantages(_ sequences: inout [TrainingSequence]) throws {
    let request = AdvantageRequest(
      step: state.step,
      rewards: sequences.map(\.reward),
      group: sequences.map(\.group),
      isDemonstration: sequences.map { $0.kind == .scoredDemonstration }
    )
    let values: [Double]
    if let answer = try parts.strategy.advantages(request) {
      guard answer.count == sequences.count, answer.allSatisfy(\.isFinite) else {
        throw TrainingError.strategy(
          step: state.step,
          hook: "advantages",
          problem: "gave \(answer.count) advantages for \(sequences.count) sequences, or one that "
            + "is not finite"
        )
      }
      values = answer
    } else {
      values = try hostAdvantages(sequences)
    }
    for index in sequences.indices { sequences[index].advantage = values[index] }
  }

  /// TRL's advantages. A demonstration whose reward the strategy gave has a total but no scores, so with one the totals are
  /// compared.
  private func hostAdvantages(_ sequences: [TrainingSequence]) throws -> [Double] {
    let grpo = configuration.grpo
    let groups = sequences.map(\.group)
    if sequences.contains(where: { $0.scores.count != rewards.names.count }) {
      return try AdvantageEstimator(scaling: grpo.scaleRewards)
        .estimate(scores: [sequences.map(\.reward)], groups: groups).values
    }
    let scores = rewards.names.indices.map { function in sequences.map { $0.scores[function] } }
    return try estimator.estimate(scores: rewards.contributions(scores), groups: groups).values
  }

  /// TRL's rule under this run's settings.
  var estimator: AdvantageEstimator {
    AdvantageEstimator(
      scaling: configuration.grpo.scaleRewards,
      aggregation: configuration.grpo.multiObjectiveAggregation,
      weights: rewards.weights
    )
  }

  private func refuse(_ problem: String) -> TrainingError {
    .strategy(step: state.step, hook: "route", problem: problem)
  }
}
