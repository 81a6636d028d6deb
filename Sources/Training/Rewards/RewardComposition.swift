import Components

/// Lets a reward count only where another one is satisfied.
public struct RewardGate: Sendable, Equatable {
  /// The name of the reward that is asked first.
  public var reward: String
  /// The gate is open where that reward's score is at least this; `nil` for no such bound.
  public var atLeast: Double?
  /// The gate is open where that reward's score is below this; `nil` for no such bound.
  public var below: Double?
  /// What the gated reward contributes where the gate is shut, in place of a score.
  public var otherwise: Double

  /// Creates a gate.
  public init(
    reward: String,
    atLeast: Double? = nil,
    below: Double? = nil,
    otherwise: Double = 0
  ) {
    self.reward = reward
    self.atLeast = atLeast
    self.below = below
    self.otherwise = otherwise
  }

  /// Whether a score opens it.
  func opens(at score: Double) -> Bool {
    if let atLeast, score < atLeast { return false }
    if let below, score >= below { return false }
    return true
  }
}

/// How the scores of a run's rewards become one number for each completion: gates, clipping, weights.
///
/// Scores are what rewards said, `[reward][item]`, `nil` where one abstained or was not asked; contributions are what goes into the
/// sum. A gate looks at what its reward said, before clipping; of a gated reward whose own gate is shut, at what it contributes
/// instead. Where a gate's reward abstains, the gated one abstains too. The order of the list does not matter.
public struct RewardComposition: Sendable, Equatable {
  /// Names for metrics, in the order of the configuration.
  public let names: [String]
  /// TRL's `reward_weights`.
  public let weights: [Double]
  private let gates: [RewardGate?]
  private let clips: [ClosedRange<Double>?]
  /// For each reward the place of the one that its gate looks at.
  private let gatekeepers: [Int?]
  /// Places of all rewards, each after the one that its gate looks at.
  let order: [Int]

  /// Checks that gates name rewards, and never each other in a circle.
  ///
  /// - Throws: `TrainingError` that names the gate.
  public init(_ rewards: [WeightedReward]) throws {
    let names = rewards.map(\.function.description.name)
    self.names = names
    weights = rewards.map(\.weight)
    gates = rewards.map(\.gate)
    clips = rewards.map(\.clip)
    var known: Set<String> = []
    for name in names where !known.insert(name).inserted {
      throw TrainingError.configuration(
        key: "rewards",
        value: name,
        problem: "is there twice",
        cure: "Give each reward a name of its own: name: ..."
      )
    }
    gatekeepers = try rewards.enumerated().map { index, reward in
      try reward.gate.map { try Self.place(of: $0, of: names[index], in: names) }
    }
    order = try Self.order(names, gatekeepers)
  }

  private static func place(
    of gate: RewardGate,
    of name: String,
    in names: [String]
  ) throws -> Int {
    if let place = names.firstIndex(of: gate.reward), gate.reward != name { return place }
    let others = names.filter { $0 != name }
    let cure: String
    if others.isEmpty {
      cure = "Add that reward to the list, or take the gate away"
    } else if gate.reward != name, let near = nearestName(to: gate.reward, among: others) {
      cure = "Did you mean \(near)?"
    } else {
      cure = "Name one of \(others.joined(separator: ", "))"
    }
    throw TrainingError.configuration(
      key: "rewards: gate of \(name)",
      value: gate.reward,
      problem: gate.reward == name ? "is the reward itself" : "is no reward of this run",
      cure: cure
    )
  }

  private static func order(_ names: [String], _ gatekeepers: [Int?]) throws -> [Int] {
    var order: [Int] = []
    for start in names.indices {
      var path: [Int] = []
      var next: Int? = start
      while let index = next, !order.contains(index) {
        if let first = path.firstIndex(of: index) {
          let circle = (path[first...] + [index]).map { names[$0] }
          throw TrainingError.configuration(
            key: "rewards: gate of \(names[index])",
            value: circle.joined(separator: " -> "),
            problem: "is a circle: none of them can be asked first",
            cure: "Take one of these gates away"
          )
        }
        path.append(index)
        next = gatekeepers[index]
      }
      order += path.reversed()
    }
    return order
  }

  /// What becomes of an item at a reward's gate.
  enum Passage {
    case open, shut, abstained
  }

  /// Whether an item passes a reward's gate.
  ///
  /// - Parameter scores: of the rewards before it in `order`.
  func passage(_ reward: Int, _ item: Int, _ scores: [[Double?]]) -> Passage {
    guard let gate = gates[reward], let keeper = gatekeepers[reward] else { return .open }
    let value: Double?
    switch passage(keeper, item, scores) {
    case .open: value = scores[keeper][item]
    case .shut: value = gates[keeper]?.otherwise
    case .abstained: value = nil
    }
    guard let value else { return .abstained }
    return gate.opens(at: value) ? .open : .shut
  }

  /// What each reward adds to the sum, before its weight: `[reward][item]`, `nil` where it abstains.
  public func contributions(_ scores: [[Double?]]) -> [[Double?]] {
    scores.indices.map { reward in
      scores[reward].indices.map { item in
        switch passage(reward, item, scores) {
        case .open: scores[reward][item].map { clipped($0, reward) }
        case .shut: gates[reward]?.otherwise
        case .abstained: nil
        }
      }
    }
  }

  private func clipped(_ score: Double, _ reward: Int) -> Double {
    guard let clip = clips[reward] else { return score }
    return min(max(score, clip.lowerBound), clip.upperBound)
  }

  /// The weighted sum of each item, `nil` where every reward abstained.
  public func totals(_ scores: [[Double?]]) -> [Double?] {
    AdvantageEstimator(weights: weights).totals(contributions(scores))
  }

  /// `rewards/NAME/gated_ratio`, the share of items whose gate was shut, and `rewards/NAME/clipped_ratio`, of the scores the share
  /// beyond the bounds; for rewards with a gate, or with bounds.
  func metrics(_ scores: [[Double?]]) -> [Diagnostic] {
    var metrics: [Diagnostic] = []
    for reward in scores.indices {
      let items = scores[reward].indices
      if gates[reward] != nil {
        let shut = items.filter { passage(reward, $0, scores) == .shut }.count
        metrics.append(
          Diagnostic(
            "rewards/\(names[reward])/gated_ratio",
            Double(shut) / Double(max(items.count, 1))
          )
        )
      }
      if let clip = clips[reward] {
        let given = scores[reward].compactMap { $0 }
        let beyond = given.filter { !clip.contains($0) }.count
        metrics.append(
          Diagnostic(
            "rewards/\(names[reward])/clipped_ratio",
            Double(beyond) / Double(max(given.count, 1))
          )
        )
      }
    }
    return metrics
  }
}
