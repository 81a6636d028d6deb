import Components
import LanguageModels
import Tokenizers

extension Trainer {
  /// The members of a generation batch as they are kept, prompt by prompt, in the order in which the rewards saw them.
  ///
  /// - Parameters:
  ///   - sequences: what the route made of the groups, in group order, with advantages.
  ///   - firstJudged: the id of the first demonstration that the rewards scored.
  func describe(
    _ groups: [RolloutGroup],
    _ sequences: [TrainingSequence],
    firstJudged: UInt64
  ) -> [StoredRollout] {
    var members = Array(repeating: [TrainingSequence](), count: groups.count)
    for sequence in sequences { members[sequence.group].append(sequence) }
    var judged = firstJudged
    var stored: [StoredRollout] = []
    for (index, group) in groups.enumerated() {
      guard let place = group.place else { continue }
      // A route keeps all samples of a group, in order, or none.
      var kept = members[index].filter { $0.kind == .rollout }[...]
      for sample in group.samples {
        let sequence = kept.popFirst()
        stored.append(
          StoredRollout(
            generation: state.generations,
            step: state.step,
            id: sample.completion.id,
            round: sample.round,
            group: index,
            promptID: group.example.id,
            epoch: place.epoch,
            position: place.position,
            isDemonstration: false,
            completion: sample.text,
            completionIDs: sample.completion.tokens,
            hint: sample.completion.prefixCount,
            terminated: sample.completion.finishReason != .length,
            rewards: outcomes(sample.scores),
            reward: sample.total,
            advantage: sequence?.advantage,
            weight: sequence?.weight ?? 1
          )
        )
      }
      for sequence in members[index] where sequence.kind == .scoredDemonstration {
        stored.append(
          StoredRollout(
            generation: state.generations,
            step: state.step,
            id: judged,
            round: 0,
            group: index,
            promptID: group.example.id,
            epoch: place.epoch,
            position: place.position,
            isDemonstration: true,
            completion: rows.tokenizer.decode(sequence.completion, skipSpecialTokens: true),
            completionIDs: sequence.completion,
            hint: 0,
            terminated: !sequence.truncated,
            rewards: outcomes(sequence.scores),
            reward: sequence.reward,
            advantage: sequence.advantage,
            weight: sequence.weight
          )
        )
        if !sequence.scores.isEmpty { judged += 1 }
      }
    }
    return stored
  }

  private func outcomes(_ scores: [Double?]) -> [StoredRollout.Outcome] {
    zip(rewards.names, scores).map { StoredRollout.Outcome(reward: $0, score: $1) }
  }
}
