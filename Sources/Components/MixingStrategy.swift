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

/// Decides, step by step, what is trained next.
///
/// A strategy sees numbers and answers with plans; it never touches a tensor. Every statistic refers to the whole optimizer
/// step, never to a micro-batch. All calls come from one thread. Answers must depend on nothing but the arguments and the
/// strategy's own state, so that a resumed run repeats them bit for bit.
public protocol MixingStrategy: AnyObject {
  /// Who this is.
  var identity: ComponentIdentity { get }

  /// What the host must measure or have.
  var requirements: StrategyRequirements { get }

  /// What the step shall be; called before any rollout, and again after each `measure` plan.
  func beginStep(_ context: StepContext) throws -> StepPlan

  /// How the next samples of a prompt's group start; called again after each micro-group is scored. `nil`: plain rollouts.
  func shapeRollout(_ request: RolloutShapeRequest) throws -> RolloutShape?

  /// Which rollouts count, and where demonstrations enter. `nil`: keep all, add none.
  func route(_ request: RouteRequest) throws -> [PromptRoute]?

  /// Advantages of the whole step's samples. `nil`: the host's own (TRL's) rule.
  func advantages(_ request: AdvantageRequest) throws -> [Double]?

  /// Weights of the parts, after rollouts and routing. `nil`: those of the plan.
  func stepWeights(_ statistics: StepStatistics) throws -> StepWeights?

  /// Coefficients on the gradient of each token's log-probability. `nil`: the host's own.
  func tokenWeights(_ request: TokenWeightRequest) throws -> [Float]?

  /// What happened. The strategy updates its state here.
  func endStep(_ report: StepReport) throws

  /// State to be restored on resume, byte-deterministic.
  func saveState() throws -> [UInt8]

  /// Restores what `saveState` gave. Refuses bytes it does not know.
  func loadState(_ bytes: [UInt8]) throws
}

extension MixingStrategy {
  /// The host's default: plain rollouts.
  public func shapeRollout(_ request: RolloutShapeRequest) throws -> RolloutShape? { nil }
  /// The host's default: keep every rollout.
  public func route(_ request: RouteRequest) throws -> [PromptRoute]? { nil }
  /// The host's default: TRL's advantages.
  public func advantages(_ request: AdvantageRequest) throws -> [Double]? { nil }
  /// The host's default: the plan's weights.
  public func stepWeights(_ statistics: StepStatistics) throws -> StepWeights? { nil }
  /// The host's default: the loss's own coefficients.
  public func tokenWeights(_ request: TokenWeightRequest) throws -> [Float]? { nil }
}
