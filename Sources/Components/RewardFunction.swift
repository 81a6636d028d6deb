/// One completion to be scored.
public struct RewardItem: Sendable {
  /// Identifies the item within the run; random numbers are keyed by (seed, step, item).
  public var id: UInt64
  /// The row that was asked.
  public var example: Example
  /// The prompt as the model saw it, after the chat template.
  public var promptText: String
  /// The completion decoded without special tokens.
  public var completion: String
  /// The completion decoded with special tokens kept.
  public var completionWithSpecialTokens: String
  /// The completion's token ids, the end-of-sequence token included where it was produced.
  public var completionIDs: [Int32]
  /// Whether the completion was cut at the length limit.
  public var truncated: Bool

  /// Creates an item.
  public init(
    id: UInt64,
    example: Example,
    promptText: String,
    completion: String,
    completionWithSpecialTokens: String,
    completionIDs: [Int32],
    truncated: Bool
  ) {
    self.id = id
    self.example = example
    self.promptText = promptText
    self.completion = completion
    self.completionWithSpecialTokens = completionWithSpecialTokens
    self.completionIDs = completionIDs
    self.truncated = truncated
  }
}

/// All completions of one optimizer step's rollouts, in group order.
public struct RewardBatch: Sendable {
  /// The optimizer step, 0-based.
  public var step: Int
  /// The run's seed.
  public var seed: UInt64
  /// What is to be scored; completions of one prompt stand side by side.
  public var items: [RewardItem]

  /// Creates a batch.
  public init(step: Int, seed: UInt64, items: [RewardItem]) {
    self.step = step
    self.seed = seed
    self.items = items
  }
}

/// What a reward says of one completion.
public enum RewardOutcome: Sendable, Equatable {
  /// A finite score inside the declared range.
  case score(Double)
  /// "Not applicable": TRL's `None`. It counts neither for nor against.
  case abstained
}

/// What a reward declares about itself before the first batch.
public struct RewardDescription: Sendable, Equatable {
  /// The name under which metrics are logged: `rewards/NAME/mean`.
  public var name: String
  /// The lowest score it gives, or `nil` for no bound.
  public var minimum: Double?
  /// The highest score it gives, or `nil` for no bound.
  public var maximum: Double?
  /// A score from here upwards counts as solved; `nil` when the reward does not measure success.
  public var successThreshold: Double?
  /// Columns that every row must have.
  public var requiredColumns: [String]

  /// Creates a description.
  public init(
    name: String,
    minimum: Double? = nil,
    maximum: Double? = nil,
    successThreshold: Double? = nil,
    requiredColumns: [String] = []
  ) {
    self.name = name
    self.minimum = minimum
    self.maximum = maximum
    self.successThreshold = successThreshold
    self.requiredColumns = requiredColumns
  }
}

/// Scores completions, a whole batch at a time.
///
/// Whoever implements this has already checked the outcome: exactly one per item, scores finite and within the declared
/// range. The trainer relies on it.
public protocol RewardFunction: AnyObject {
  /// Who this is.
  var identity: ComponentIdentity { get }
  /// What it declares.
  var description: RewardDescription { get }
  /// Whether it promises equal scores for equal batches. The scores of one that does not are written down before they are used.
  var isReproducible: Bool { get }
  /// One outcome per item, in the items' order.
  func score(_ batch: RewardBatch) throws -> [RewardOutcome]
  /// The answer that each completion gives, in a normal form, for majority votes; `nil` where it gives none.
  func answers(_ batch: RewardBatch) throws -> [String?]
}

extension RewardFunction {
  /// Most rewards are functions of their input.
  public var isReproducible: Bool { true }

  /// Rewards that extract no answers.
  public func answers(_ batch: RewardBatch) throws -> [String?] {
    Array(repeating: nil, count: batch.items.count)
  }
}
