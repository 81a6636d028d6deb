/// Scores one completion at a time: all that a usual reward needs.
///
///     struct Length: Reward {
///       let limit: Int
///       init(parameters: Parameters) throws { limit = try parameters.int("limit") }
///       func score(_ item: RewardItem) -> Score { item.completion.utf8.count <= limit ? 1 : 0 }
///     }
///
/// An error thrown for an item fails the step with a message that names the item and says why.
public protocol Reward: BatchReward {
  /// The score of one completion. It must depend on the item and the parameters alone.
  func score(_ item: RewardItem) throws -> Score

  /// The answer that a completion gives, for majority votes (maj@k in evaluation); `nil` where it gives none.
  ///
  /// In a normal form: answers that mean the same are the same text whatever their notation, and answers that are the same text
  /// get the same score for the same row. Whether an answer is right plays no part.
  func answer(_ item: RewardItem) throws -> String?
}

/// Scores all completions of a step at once: for rewards that gain from seeing them together, or that need the step's seed.
public protocol BatchReward: Component {
  /// What the reward declares about itself. Read once, after `start`.
  var declaration: RewardDeclaration { get }

  /// One score for each item, in order. Equal items get equal scores, whatever else is in the batch.
  func score(_ batch: RewardBatch) throws -> [Score]

  /// The answer that each completion gives, in order, for majority votes; `nil` where one gives none. See `Reward.answer`.
  func answers(_ batch: RewardBatch) throws -> [String?]
}

extension BatchReward {
  /// A name from the id, no bounds, no threshold, no columns.
  public var declaration: RewardDeclaration { RewardDeclaration() }

  /// No answers.
  public func answers(_ batch: RewardBatch) throws -> [String?] {
    Array(repeating: nil, count: batch.items.count)
  }
}

extension Reward {
  /// No answer.
  public func answer(_ item: RewardItem) throws -> String? { nil }

  /// Scores the items one after the other, or in parallel where the reward is thread-safe.
  public func score(_ batch: RewardBatch) throws -> [Score] {
    map(batch) { reward, item in
      do { return try reward.score(item) } catch { return .failed(String(describing: error)) }
    }
  }

  /// Reads the answers of the items one after the other, or in parallel where the reward is thread-safe.
  ///
  /// - Throws: the failure of the first item that has one, with its place.
  public func answers(_ batch: RewardBatch) throws -> [String?] {
    let results = map(batch) { reward, item in Result { try reward.answer(item) } }
    return try results.enumerated().map { index, result in
      do { return try result.get() } catch {
        let item = batch.items[index]
        throw PluginFailure(
          (error as? PluginFailure)?.reason ?? .failed,
          "item \(index) (id \(item.id), row \(item.example.id)): \(error)"
        )
      }
    }
  }

  private func map<Value>(
    _ batch: RewardBatch,
    _ transform: @escaping (Self, RewardItem) -> Value
  ) -> [Value] {
    guard Self.concurrency == .threadSafe, let host = batch.host, batch.items.count > 1 else {
      return batch.items.map { transform(self, $0) }
    }
    return [Value](unsafeUninitializedCapacity: batch.items.count) { buffer, initialized in
      let work = ParallelItems(
        reward: self,
        items: batch.items,
        transform: transform,
        values: buffer.baseAddress!
      )
      host.parallelFor(batch.items.count) { work.compute($0) }
      initialized = batch.items.count
    }
  }
}

/// What the host's workers share while they look at items. Unchecked because the reward has declared itself thread-safe, the
/// transform captures nothing else, and each worker writes the values of its own items.
private struct ParallelItems<R: Reward, Value>: @unchecked Sendable {
  let reward: R
  let items: [RewardItem]
  let transform: (R, RewardItem) -> Value
  let values: UnsafeMutablePointer<Value>

  func compute(_ index: Int) {
    (values + index).initialize(to: transform(reward, items[index]))
  }
}

/// What a reward says of one completion: `return 1`, `return .value(x)`, `return .abstained`.
public enum Score: Sendable, Equatable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  /// A finite number within the declared bounds.
  case value(Double)
  /// Not applicable: counts neither for nor against.
  case abstained
  /// The item could not be scored, and why.
  case failed(String)

  /// A score as a literal.
  public init(floatLiteral value: Double) { self = .value(value) }
  /// A score as a literal.
  public init(integerLiteral value: Int) { self = .value(Double(value)) }
}

/// What a reward declares about itself.
public struct RewardDeclaration: Sendable, Equatable {
  /// The name under which metrics are logged; `nil` for the last part of the component's id.
  public var name: String?
  /// The lowest score it gives.
  public var minimum: Double
  /// The highest score it gives.
  public var maximum: Double
  /// A score from here upwards counts as solved; `nil` when the reward does not measure success.
  public var successThreshold: Double?
  /// Columns that every row must have.
  public var requiredColumns: [String]

  /// Creates a declaration.
  public init(
    name: String? = nil,
    range: ClosedRange<Double> = -.infinity ... .infinity,
    successThreshold: Double? = nil,
    requiredColumns: [String] = []
  ) {
    self.name = name
    self.minimum = range.lowerBound
    self.maximum = range.upperBound
    self.successThreshold = successThreshold
    self.requiredColumns = requiredColumns
  }
}

/// One completion to be scored.
public struct RewardItem: Sendable {
  /// Identifies the item within the run; with the batch's seed and step the key of `Host.uniform`.
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

  /// Creates an item; for tests of a reward only the completion and the row matter.
  public init(
    id: UInt64 = 0,
    example: Example,
    promptText: String = "",
    completion: String,
    completionWithSpecialTokens: String? = nil,
    completionIDs: [Int32] = [],
    truncated: Bool = false
  ) {
    self.id = id
    self.example = example
    self.promptText = promptText
    self.completion = completion
    self.completionWithSpecialTokens = completionWithSpecialTokens ?? completion
    self.completionIDs = completionIDs
    self.truncated = truncated
  }
}

/// All completions of one optimizer step's rollouts; those of one prompt stand side by side.
public struct RewardBatch: Sendable {
  /// The optimizer step, 0-based.
  public var step: Int
  /// The run's seed.
  public var seed: UInt64
  /// What is to be scored.
  public var items: [RewardItem]
  /// The host's services; `nil` in a test without a host.
  public var host: Host?

  /// Creates a batch.
  public init(step: Int, seed: UInt64, items: [RewardItem], host: Host? = nil) {
    self.step = step
    self.seed = seed
    self.items = items
    self.host = host
  }
}
