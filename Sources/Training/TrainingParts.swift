public import Components

/// A reward with its weight in the sum.
public struct WeightedReward {
  /// The reward.
  public var function: any RewardFunction
  /// TRL's `reward_weights`.
  public var weight: Double
  /// What becomes of the run where it fails.
  public var onFailure: RewardFailurePolicy
  /// Another reward that must be satisfied for it to count; `nil` for none.
  public var gate: RewardGate?
  /// Its scores are brought between these bounds before they are weighed; `nil` leaves them as they are.
  public var clip: ClosedRange<Double>?

  /// Creates a weighted reward.
  public init(
    _ function: any RewardFunction,
    weight: Double = 1,
    onFailure: RewardFailurePolicy = .stop,
    gate: RewardGate? = nil,
    clip: ClosedRange<Double>? = nil
  ) {
    self.function = function
    self.weight = weight
    self.onFailure = onFailure
    self.gate = gate
    self.clip = clip
  }
}

/// What becomes of a run when a reward fails to score a batch: it crashed, overran its deadline, or answered nonsense.
public enum RewardFailurePolicy: String, Sendable, CaseIterable {
  /// The run stops with the reward's error.
  case stop
  /// The reward abstains from the batch, as if it had answered TRL's `None` for each item, and the run goes on.
  case abstain
}

/// The exchangeable parts of a run.
public struct TrainingParts {
  /// Decides each step.
  public var strategy: any MixingStrategy
  /// Rows that are rolled out.
  public var prompts: (any Dataset)?
  /// Rows that are imitated.
  public var demonstrations: (any Dataset)?
  /// Held-out rows for evaluation.
  public var evaluation: (any Dataset)?
  /// What scores rollouts.
  public var rewards: [WeightedReward]
  /// Numbers that the parts reported of themselves since it was last asked, under the names of their metrics.
  public var ownMetrics: () -> [Diagnostic] = { [] }

  /// Creates the parts of a run.
  public init(
    strategy: any MixingStrategy,
    prompts: (any Dataset)? = nil,
    demonstrations: (any Dataset)? = nil,
    evaluation: (any Dataset)? = nil,
    rewards: [WeightedReward] = []
  ) {
    self.strategy = strategy
    self.prompts = prompts
    self.demonstrations = demonstrations
    self.evaluation = evaluation
    self.rewards = rewards
  }

  /// Fails with a clear message where the strategy needs what the run lacks.
  public func check() throws {
    let needs = strategy.requirements
    let name = strategy.identity.id
    if needs.contains(.demonstrations) || needs.contains(.probe), demonstrations == nil {
      throw TrainingError.missingPart(
        "strategy \(name) trains on demonstrations, but the run has none",
        cure: "Add a demonstrations: section with a dataset"
      )
    }
    if needs.contains(.prompts), prompts == nil || rewards.isEmpty {
      throw TrainingError.missingPart(
        "strategy \(name) rolls out prompts, but the run has no \(prompts == nil ? "prompts" : "rewards")",
        cure: prompts == nil
          ? "Add a prompts: section with a dataset" : "Add a rewards: list with at least one reward"
      )
    }
    if needs.contains(.promptDemonstrations), let prompts {
      let first = try prompts.examples(in: 0..<1)
      if first.first?.completion == nil {
        throw TrainingError.missingPart(
          "strategy \(name) needs a demonstration for every prompt, but rows of "
            + "\(prompts.identity.id) have none",
          cure: "Use a prompts dataset whose rows have a completion"
        )
      }
    }
  }
}
