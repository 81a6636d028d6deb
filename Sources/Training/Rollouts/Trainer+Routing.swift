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
    for (index, (group, route)) in zip(groups, routes).enumerated() {
      guard route.weight.isFinite, route.demonstrationReward.isFinite else {
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
      guard route.demonstration != .none else { continue }
      guard group.example.completion != nil else {
        throw refuse("asked for the demonstration of row \(group.example.id), which has none")
      }
      var sequence = try demonstration(
        group.example,
        slot: "prompts",
        group: index,
        weight: route.weight
      )
      if route.demonstration == .groupMember {
        sequence.kind = .scoredDemonstration
        sequence.reward = route.demonstrationReward
        rl.append(sequence)
      } else {
        routed.append(sequence)
      }
    }
    return (rl, routed)
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

  /// TRL's advantages. A demonstration in a group has a total but no scores of its own, so with one the totals are compared.
  private func hostAdvantages(_ sequences: [TrainingSequence]) throws -> [Double] {
    let grpo = configuration.grpo
    let groups = sequences.map(\.group)
    if sequences.contains(where: { $0.kind == .scoredDemonstration }) {
      return try AdvantageEstimator(scaling: grpo.scaleRewards)
        .estimate(scores: [sequences.map(\.reward)], groups: groups).values
    }
    return try estimator.estimate(
      scores: rewards.names.indices.map { function in sequences.map { $0.scores[function] } },
      groups: groups
    ).values
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
