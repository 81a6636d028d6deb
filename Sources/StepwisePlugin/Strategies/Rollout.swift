/// A prompt whose group is being sampled, as `shapeRollout` sees it.
public struct RolloutShapeRequest: Sendable {
  /// The optimizer step, 0-based.
  public var step: Int
  /// The prompt's position in the step.
  public var prompt: Int
  /// The row.
  public var exampleID: UInt64
  /// How many samples the whole group will have.
  public var groupSize: Int
  /// Tokens of the row's own demonstration, with its EOS, as far as a completion may be long; empty when it has none.
  public var demonstration: [Int32]
  /// Token offsets in the demonstration at which a reasoning step begins, ascending.
  public var stepBoundaries: [Int]
  /// Rewards of the samples so far, in order; `nil` for an abstained one.
  public var rewards: [Double?]
  /// Uniform draws in [0, 1), a pure function of (seed, step, prompt, item).
  public var uniform: @Sendable (_ item: UInt64) -> Double

  /// Creates a request.
  public init(
    step: Int,
    prompt: Int,
    exampleID: UInt64,
    groupSize: Int,
    demonstration: [Int32],
    stepBoundaries: [Int],
    rewards: [Double?],
    uniform: @escaping @Sendable (_ item: UInt64) -> Double
  ) {
    self.step = step
    self.prompt = prompt
    self.exampleID = exampleID
    self.groupSize = groupSize
    self.demonstration = demonstration
    self.stepBoundaries = stepBoundaries
    self.rewards = rewards
    self.uniform = uniform
  }
}

/// The next micro-group: for each of its samples, how many demonstration tokens it starts with.
public struct RolloutShape: Sendable, Equatable {
  /// One entry for each sample of the micro-group; 0 is a plain rollout.
  public var prefixLengths: [Int]

  /// Creates a shape.
  public init(prefixLengths: [Int]) { self.prefixLengths = prefixLengths }
}

/// One prompt's scored group, as `route` sees it.
public struct PromptGroup: Sendable, Equatable {
  /// The row.
  public var exampleID: UInt64
  /// Total reward of each sample; `nil` where every reward abstained.
  public var rewards: [Double?]
  /// Whether each sample counts as solved.
  public var succeeded: [Bool]
  /// Whether the row has a demonstration.
  public var hasDemonstration: Bool

  /// Creates a group.
  public init(
    exampleID: UInt64,
    rewards: [Double?],
    succeeded: [Bool],
    hasDemonstration: Bool
  ) {
    self.exampleID = exampleID
    self.rewards = rewards
    self.succeeded = succeeded
    self.hasDemonstration = hasDemonstration
  }
}

/// All prompts of a step after scoring.
public struct RouteRequest: Sendable {
  /// The optimizer step, 0-based.
  public var step: Int
  /// The groups, in the step's order.
  public var prompts: [PromptGroup]

  /// Creates a request.
  public init(step: Int, prompts: [PromptGroup]) {
    self.step = step
    self.prompts = prompts
  }
}

/// What becomes of a prompt's rollouts and demonstration.
public struct PromptRoute: Sendable, Equatable {
  /// How the row's demonstration enters the step.
  public enum Demonstration: UInt32, Sendable, CaseIterable {
    /// Not at all.
    case none = 0
    /// As a sequence of the SFT part.
    case sft = 1
    /// As one more member of the group, with `demonstrationReward`.
    case groupMember = 2
  }

  /// Whether the rollouts stay in the RL part.
  public var keepRollouts: Bool
  /// How the demonstration enters.
  public var demonstration: Demonstration
  /// Reward of the demonstration as a group member; `nil`: what the run's own rewards say of it.
  public var demonstrationReward: Double?
  /// Multiplies the loss of everything this prompt contributes.
  public var weight: Double

  /// Creates a route; the default keeps the rollouts and adds nothing.
  public init(
    keepRollouts: Bool = true,
    demonstration: Demonstration = .none,
    demonstrationReward: Double? = 1,
    weight: Double = 1
  ) {
    self.keepRollouts = keepRollouts
    self.demonstration = demonstration
    self.demonstrationReward = demonstrationReward
    self.weight = weight
  }
}

/// Rewards of all samples that take part in the RL part of a step.
public struct AdvantageRequest: Sendable, Equatable {
  /// The optimizer step, 0-based.
  public var step: Int
  /// Total reward of each sample; `nil` where every reward abstained.
  public var rewards: [Double?]
  /// The group of each sample: its prompt's position in the step.
  public var group: [Int]
  /// Whether each sample is a demonstration.
  public var isDemonstration: [Bool]

  /// Creates a request.
  public init(step: Int, rewards: [Double?], group: [Int], isDemonstration: [Bool]) {
    self.step = step
    self.rewards = rewards
    self.group = group
    self.isDemonstration = isDemonstration
  }
}
