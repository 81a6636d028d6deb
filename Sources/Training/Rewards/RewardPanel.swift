import Components

/// The rewards of a run, asked together.
struct RewardPanel {
  let rewards: [WeightedReward]
  /// How their scores become one.
  let composition: RewardComposition
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
    composition = try RewardComposition(rewards)
  }

  /// The same panel with other rewards.
  func replacing(_ rewards: [WeightedReward]) throws -> RewardPanel {
    try RewardPanel(rewards, ledger: ledger, onFailure: onFailure)
  }

  /// Names for metrics, in order.
  var names: [String] { composition.names }

  /// TRL's `reward_weights`.
  var weights: [Double] { composition.weights }

  /// Scores of each reward: `[reward][item]`, `nil` where it abstained, and where its gate was not open, so that it was not asked.
  func score(_ batch: RewardBatch) throws -> [[Double?]] {
    var scores = [[Double?]](
      repeating: Array(repeating: nil, count: batch.items.count),
      count: rewards.count
    )
    for reward in composition.order {
      let places = batch.items.indices.filter {
        composition.passage(reward, $0, scores) == .open
      }
      if places.isEmpty, !batch.items.isEmpty { continue }
      let outcomes = try outcomes(of: rewards[reward], for: batch.keeping(places))
      precondition(outcomes.count == places.count, "a reward adapter let a wrong count pass")
      for (place, outcome) in zip(places, outcomes) {
        if case .score(let value) = outcome { scores[reward][place] = value }
      }
    }
    return scores
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

  /// What each reward adds to the sum, before its weight.
  func contributions(_ scores: [[Double?]]) -> [[Double?]] { composition.contributions(scores) }

  /// The weighted sum of each item, `nil` where every reward abstained.
  func totals(_ scores: [[Double?]]) -> [Double?] { composition.totals(scores) }

  /// The answer of each item: the first that a reward extracts. A reward whose gate is not open is not asked: what does not count
  /// has no vote.
  ///
  /// - Parameter scores: what `score` said of the same batch.
  func answers(_ batch: RewardBatch, _ scores: [[Double?]]) throws -> [String?] {
    var answers = [String?](repeating: nil, count: batch.items.count)
    for (index, reward) in rewards.enumerated() {
      let places = batch.items.indices.filter {
        composition.passage(index, $0, scores) == .open
      }
      if places.isEmpty { continue }
      do {
        let given = try reward.function.answers(batch.keeping(places))
        for (place, answer) in zip(places, given) { answers[place] = answers[place] ?? answer }
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

extension RewardBatch {
  /// The batch of the items at these places.
  fileprivate func keeping(_ places: [Int]) -> RewardBatch {
    guard places.count < items.count else { return self }
    return RewardBatch(step: step, seed: seed, items: places.map { items[$0] })
  }
}
