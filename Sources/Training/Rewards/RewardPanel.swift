import Components

/// The rewards of a run, asked together.
struct RewardPanel {
  let rewards: [WeightedReward]
  let ledger: RewardLedger?
  private let onFailure: (String) -> Void

  /// - Parameters:
  ///   - ledger: keeps what cannot be asked twice; `nil` where nothing is resumed.
  ///   - onFailure: is told of each failure that the run goes on from.
  init(
    _ rewards: [WeightedReward],
    ledger: RewardLedger? = nil,
    onFailure: @escaping (String) -> Void = { _ in }
  ) throws {
    self.rewards = rewards
    self.ledger = ledger
    self.onFailure = onFailure
    var names: Set<String> = []
    for reward in rewards where !names.insert(reward.function.description.name).inserted {
      throw TrainingError.configuration(
        key: "rewards",
        value: reward.function.description.name,
        problem: "is there twice",
        cure: "Give each reward a name of its own: name: ..."
      )
    }
  }

  /// The same panel with other rewards.
  func replacing(_ rewards: [WeightedReward]) throws -> RewardPanel {
    try RewardPanel(rewards, ledger: ledger, onFailure: onFailure)
  }

  /// Names for metrics, in order.
  var names: [String] { rewards.map(\.function.description.name) }

  /// TRL's `reward_weights`.
  var weights: [Double] { rewards.map(\.weight) }

  /// Scores of each reward: `[reward][item]`, `nil` where it abstained.
  func score(_ batch: RewardBatch) throws -> [[Double?]] {
    try rewards.map { reward in
      let outcomes = try outcomes(of: reward, for: batch)
      precondition(outcomes.count == batch.items.count, "a reward adapter let a wrong count pass")
      return outcomes.map { if case .score(let value) = $0 { value } else { nil } }
    }
  }

  private func outcomes(
    of reward: WeightedReward,
    for batch: RewardBatch
  ) throws -> [RewardOutcome] {
    let name = reward.function.description.name
    if let known = ledger?.outcomes(of: name, for: batch) { return known }
    var failure: String?
    var outcomes: [RewardOutcome]
    do {
      outcomes = try reward.function.score(batch)
    } catch  where reward.onFailure == .abstain {
      outcomes = Array(repeating: .abstained, count: batch.items.count)
      failure = String(describing: error)
    }
    if failure != nil || !reward.function.isReproducible {
      try ledger?.record(outcomes, of: name, for: batch, failure: failure)
    }
    if let failure {
      onFailure("step \(batch.step): reward \(name) abstains from the batch: \(failure)")
    }
    return outcomes
  }

  /// The weighted sum of each item, `nil` where every reward abstained.
  func totals(_ scores: [[Double?]]) -> [Double?] {
    AdvantageEstimator(weights: weights).totals(scores)
  }

  /// The answer of each item: the first that a reward extracts.
  func answers(_ batch: RewardBatch) throws -> [String?] {
    var answers = [String?](repeating: nil, count: batch.items.count)
    for reward in rewards {
      do {
        for (index, answer) in try reward.function.answers(batch).enumerated() {
          answers[index] = answers[index] ?? answer
        }
      } catch  where reward.onFailure == .abstain {
        onFailure("reward \(reward.function.description.name) gives no answers: \(error)")
      }
    }
    return answers
  }

  /// Whether each item is solved: judged by the first reward that declares a success threshold, else by a positive total.
  func solved(_ scores: [[Double?]]) -> [Bool] {
    for (index, reward) in rewards.enumerated() {
      guard let threshold = reward.function.description.successThreshold else { continue }
      return scores[index].map { $0.map { $0 >= threshold } ?? false }
    }
    return totals(scores).map { ($0 ?? 0) > 0 }
  }

  /// Fails where a row lacks a column that a reward needs.
  func check(_ example: Example, slot: String) throws {
    for reward in rewards {
      for name in reward.function.description.requiredColumns
      where example.column(name) == nil || example.column(name) == .null {
        throw TrainingError.row(
          slot: slot,
          id: example.id,
          problem: "has no column \(name), which reward \(reward.function.description.name) needs",
          cure: "Use a dataset with that column, or another reward"
        )
      }
    }
  }
}
