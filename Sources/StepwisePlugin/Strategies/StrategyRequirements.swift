/// What a strategy needs the host to measure or to have. The host measures nothing else.
public struct StrategyRequirements: OptionSet, Sendable, Hashable {
  /// The bits, as they cross the ABI.
  public let rawValue: UInt64

  /// Creates a set from the ABI's bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// KL(policy || reference) on the rollouts, k3, nats per token.
  public static let kl = Self(rawValue: 1 << 0)
  /// Mean token entropy of the policy, nats.
  public static let entropy = Self(rawValue: 1 << 1)
  /// Gradient norms of the SFT and the RL part apart, in a step that has both.
  public static let gradientNorms = Self(rawValue: 1 << 2)
  /// The cosine between the SFT and the RL gradient in a step that has both.
  public static let gradientCosine = Self(rawValue: 1 << 3)
  /// A demonstration for every prompt that is rolled out.
  public static let promptDemonstrations = Self(rawValue: 1 << 4)
  /// A reference model, also where `beta` is 0.
  public static let reference = Self(rawValue: 1 << 5)
  /// One pass without gradients over the step's sequences before `stepWeights` and `tokenWeights`.
  public static let statisticsPass = Self(rawValue: 1 << 6)
  /// A fixed probe of held-out demonstrations, for `measure` steps.
  public static let probe = Self(rawValue: 1 << 7)
  /// A dataset in the `demonstrations` slot.
  public static let demonstrations = Self(rawValue: 1 << 8)
  /// A dataset in the `prompts` slot and at least one reward.
  public static let prompts = Self(rawValue: 1 << 9)
}
