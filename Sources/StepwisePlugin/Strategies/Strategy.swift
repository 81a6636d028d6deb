/// Decides, step by step, what is trained next.
///
///     struct Alternate: Strategy {
///       let period: Int
///       init(parameters: Parameters) throws { period = try parameters.int("period") }
///       func beginStep(_ context: StepContext) -> StepPlan {
///         StepPlan(context.step % period == 0 ? .sft : .rl)
///       }
///     }
///
/// A strategy sees numbers and answers with plans; it never touches a tensor. Every statistic refers to the whole optimizer
/// step. Answers must depend on the arguments and the strategy's own state alone, so that a resumed run repeats them bit for
/// bit: draw random numbers with `context.uniform`, keep what must survive in `Stateful`.
public protocol Strategy: Component {
  /// What the host must measure or have. Read once, after `start`.
  var requirements: StrategyRequirements { get }

  /// What the step shall be; called before any rollout, and again after each `measure` plan.
  mutating func beginStep(_ context: StepContext) throws -> StepPlan

  /// How the next samples of a prompt's group start; called again after each micro-group is scored. `nil`: plain rollouts.
  mutating func shapeRollout(_ request: RolloutShapeRequest) throws -> RolloutShape?

  /// Which rollouts count, and where demonstrations enter. `nil`: keep all, add none.
  mutating func route(_ request: RouteRequest) throws -> [PromptRoute]?

  /// Advantages of the whole step's samples. `nil`: the host's own rule.
  mutating func advantages(_ request: AdvantageRequest) throws -> [Double]?

  /// Weights of the parts, after rollouts and routing; needs `.statisticsPass`. `nil`: those of the plan.
  mutating func stepWeights(_ statistics: StepStatistics) throws -> StepWeights?

  /// Coefficients on the gradient of each token's log-probability; needs `.statisticsPass`. `nil`: the host's own.
  mutating func tokenWeights(_ request: TokenWeightRequest) throws -> [Float]?

  /// What happened. The strategy updates its state here.
  mutating func endStep(_ report: StepReport) throws
}

extension Strategy {
  /// Nothing special.
  public var requirements: StrategyRequirements { [] }
  /// Plain rollouts.
  public mutating func shapeRollout(_ request: RolloutShapeRequest) throws -> RolloutShape? { nil }
  /// Every rollout is kept.
  public mutating func route(_ request: RouteRequest) throws -> [PromptRoute]? { nil }
  /// The host's advantages.
  public mutating func advantages(_ request: AdvantageRequest) throws -> [Double]? { nil }
  /// The plan's weights.
  public mutating func stepWeights(_ statistics: StepStatistics) throws -> StepWeights? { nil }
  /// The loss's own coefficients.
  public mutating func tokenWeights(_ request: TokenWeightRequest) throws -> [Float]? { nil }
  /// Nothing to remember.
  public mutating func endStep(_ report: StepReport) throws {}
}
