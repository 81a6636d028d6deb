/// What an optimizer step is made of.
public enum StepKind: UInt32, Sendable, Codable, CaseIterable {
  /// Supervised fine-tuning on demonstrations; no rollout is generated.
  case sft = 1
  /// Reinforcement learning on rollouts.
  case rl = 2
  /// Both, in one optimizer step.
  case both = 3
  /// No update: the loss and gradient norm of the fixed probe are measured, then the strategy is asked again.
  case measure = 4

  /// The name that metrics and journals use.
  public var name: String {
    switch self {
    case .sft: return "sft"
    case .rl: return "rl"
    case .both: return "both"
    case .measure: return "measure"
    }
  }
}

/// A diagnostic number that a strategy attaches to a plan, for example `p_t`.
public struct Diagnostic: Sendable, Equatable, Codable {
  /// The metric's name; it is logged as `strategy/NAME`.
  public var name: String
  /// Its value.
  public var value: Double

  /// Creates a diagnostic.
  public init(_ name: String, _ value: Double) {
    self.name = name
    self.value = value
  }
}

/// Whose dataset rows by id are taken from.
public enum ExampleSlot: UInt32, Sendable, CaseIterable {
  /// The `demonstrations` slot.
  case demonstrations = 0
  /// The `prompts` slot: rows whose groups a strategy saw in `route`, each with its own demonstration.
  case prompts = 1
}

/// A strategy's answer to "what is this step?".
public struct StepPlan: Sendable, Equatable {
  /// SFT, RL, both, or measure only.
  public var kind: StepKind
  /// Weight of the SFT loss.
  public var sftWeight: Double
  /// Weight of the RL loss.
  public var rlWeight: Double
  /// Multiplies the scheduled learning rate of this step.
  public var learningRateFactor: Double
  /// Members of each prompt's group, or `nil` for the configured `num_generations`.
  public var samplesPerPrompt: Int?
  /// How many members of each group `route` will fill with the row's demonstration: so many fewer completions are sampled, and
  /// the batch keeps its size.
  public var groupDemonstrations: Int
  /// Which set of optimizer moments the step uses; 0 is the shared one.
  public var optimizerSlot: Int
  /// Gradient clip of this step, or `nil` for `max_grad_norm`.
  public var maxGradNorm: Double?
  /// The step updates nothing where the norm of its gradient, before clipping, is above this; `nil`: it always updates.
  public var skipAboveGradNorm: Double?
  /// Rows to be used for the SFT part in place of the next ones, by `Example.id`; empty for the next ones.
  public var exampleIDs: [UInt64]
  /// Whose rows `exampleIDs` are.
  public var exampleSlot: ExampleSlot
  /// Only rows whose difficulty lies in this range are drawn; `nil` for all.
  public var difficulty: ClosedRange<Double>?
  /// Before the step, the reference model becomes a copy of the policy.
  public var snapshotReference: Bool
  /// Why, in one line, for the decision log.
  public var reason: String
  /// Numbers behind the decision.
  public var diagnostics: [Diagnostic]

  /// Creates a plan; everything but the kind has the host's default.
  public init(
    _ kind: StepKind,
    sftWeight: Double = 1,
    rlWeight: Double = 1,
    learningRateFactor: Double = 1,
    samplesPerPrompt: Int? = nil,
    groupDemonstrations: Int = 0,
    optimizerSlot: Int = 0,
    maxGradNorm: Double? = nil,
    skipAboveGradNorm: Double? = nil,
    exampleIDs: [UInt64] = [],
    exampleSlot: ExampleSlot = .demonstrations,
    difficulty: ClosedRange<Double>? = nil,
    snapshotReference: Bool = false,
    reason: String = "",
    diagnostics: [Diagnostic] = []
  ) {
    self.kind = kind
    self.sftWeight = sftWeight
    self.rlWeight = rlWeight
    self.learningRateFactor = learningRateFactor
    self.samplesPerPrompt = samplesPerPrompt
    self.groupDemonstrations = groupDemonstrations
    self.optimizerSlot = optimizerSlot
    self.maxGradNorm = maxGradNorm
    self.skipAboveGradNorm = skipAboveGradNorm
    self.exampleIDs = exampleIDs
    self.exampleSlot = exampleSlot
    self.difficulty = difficulty
    self.snapshotReference = snapshotReference
    self.reason = reason
    self.diagnostics = diagnostics
  }
}

/// What a strategy knows when it plans a step.
public struct StepContext: Sendable {
  /// The optimizer step about to run, 0-based.
  public var step: Int
  /// How many optimizer steps the run has.
  public var horizon: Int
  /// How many `measure` plans were already carried out for this step.
  public var measurements: Int
  /// The run's seed.
  public var seed: UInt64
  /// Uniform draws in [0, 1), a pure function of (seed, step, item).
  public var uniform: @Sendable (_ item: UInt64) -> Double
  /// SFT steps so far.
  public var sftSteps: Int
  /// RL steps so far.
  public var rlSteps: Int
  /// The last reports, oldest first, at most `StepContext.historyLimit`.
  public var history: [StepReport]

  /// How many reports `history` holds at most.
  public static let historyLimit = 64

  /// Creates a context.
  public init(
    step: Int,
    horizon: Int,
    measurements: Int = 0,
    seed: UInt64,
    uniform: @escaping @Sendable (_ item: UInt64) -> Double,
    sftSteps: Int = 0,
    rlSteps: Int = 0,
    history: [StepReport] = []
  ) {
    self.step = step
    self.horizon = horizon
    self.measurements = measurements
    self.seed = seed
    self.uniform = uniform
    self.sftSteps = sftSteps
    self.rlSteps = rlSteps
    self.history = history
  }
}
