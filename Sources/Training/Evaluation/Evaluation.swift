public import Components
public import LanguageModels
public import Tokenizers

/// Evaluation outside of a run: `stepwise eval`. It draws and judges; figures are computed from what it gives.
public struct Evaluation {
  private let configuration: TrainingConfiguration
  private let sampler: HeldOutSampler
  private let endOfSequence: Set<Int32>
  /// The model's `max_position_embeddings`.
  private let positions: Int
  private let onWarning: (String) -> Void

  /// How completions are drawn.
  public struct Mode: Sendable, Equatable {
    /// `greedy` or `sampled`.
    public var name: String
    /// Completions for each prompt.
    public var numGenerations: Int
    /// 0 is greedy, and knows none of the filters.
    public var temperature: Double

    /// The best token each time, one completion for each prompt.
    public static let greedy = Self(name: "greedy", numGenerations: 1, temperature: 0)

    /// Draws `numGenerations` completions.
    public static func sampled(_ numGenerations: Int, temperature: Double) -> Self {
      Self(name: "sampled", numGenerations: numGenerations, temperature: temperature)
    }
  }

  /// - Parameters:
  ///   - configuration: `seed`, `evaluation`, and `grpo.max_completion_length` where that leaves the length open.
  ///   - generator: Of the model.
  ///   - endOfSequence: Ids that end a completion.
  ///   - rewards: What judges.
  ///   - onWarning: Is told what the evaluation goes on from.
  /// - Throws: `TrainingError`.
  public init(
    configuration: TrainingConfiguration,
    generator: Generator,
    tokenizer: Tokenizer,
    chat: ChatRenderer?,
    endOfSequence: [Int32],
    rewards: [WeightedReward],
    onWarning: @escaping (String) -> Void = { _ in }
  ) throws {
    guard let eosID = endOfSequence.first else {
      throw TrainingError.missingPart(
        "the model has no end-of-sequence token",
        cure: "Set eos_token_id in config.json or generation_config.json"
      )
    }
    guard tokenizer.vocabularySize <= generator.configuration.vocabSize else {
      throw TrainingError.configuration(
        key: "tokenizer",
        value: "\(tokenizer.vocabularySize) tokens",
        problem: "are more than the model's vocabulary of \(generator.configuration.vocabSize)",
        cure: "Use the tokenizer that belongs to the model"
      )
    }
    self.configuration = configuration
    self.endOfSequence = Set(endOfSequence)
    self.onWarning = onWarning
    positions = generator.configuration.maxPositionEmbeddings
    sampler = HeldOutSampler(
      rows: RowTokenizer(tokenizer: tokenizer, chat: chat, eosID: eosID),
      rewards: try RewardPanel(rewards, onFailure: onWarning),
      generator: generator,
      seed: configuration.seed
    )
  }

  /// Prompts that are drawn and judged together in a mode. Rewards see them as one batch, so a repetition must ask for the same
  /// pieces.
  public func promptsAtOnce(_ mode: Mode) -> Int {
    HeldOutSampler.promptsAtOnce(
      batch: configuration.evaluation.perDeviceEvalBatchSize,
      k: mode.numGenerations
    )
  }

  /// Draws and judges the completions of a piece of a dataset.
  ///
  /// - Parameters:
  ///   - range: Places in the dataset.
  ///   - set: What the dataset is called in results and messages.
  ///   - keeping: Columns that pair rows with those of another set.
  ///   - progress: Called with the completions done and wanted.
  /// - Throws: `TrainingError`, `GenerationError`, and what rewards and dataset throw.
  public func judge(
    _ dataset: any Dataset,
    _ range: Range<Int>,
    set: String,
    mode: Mode,
    keeping: Set<String> = [],
    progress: ((Int, Int) -> Void)? = nil
  ) throws -> [EvaluatedPrompt] {
    var settings = configuration.evaluation
    settings.temperature = mode.temperature
    let options = settings.options(
      fallbackLength: configuration.grpo.maxCompletionLength,
      endOfSequence: endOfSequence
    )
    let groups = try sampler.judge(
      dataset,
      range,
      slot: "evaluation: set \(set)",
      k: mode.numGenerations,
      options: options,
      answers: true,
      progress: progress
    )
    let long = groups.count { $0.prompt.count + options.maxCompletionLength > positions }
    if long > 0 {
      onWarning(
        "set \(set), rows \(range.lowerBound) to \(range.upperBound - 1): \(long) of \(groups.count) prompts with "
          + "max_completion_length \(options.maxCompletionLength) are longer than the \(positions) positions "
          + "(max_position_embeddings) that the model was made for"
      )
    }
    return try groups.enumerated().map { index, group in
      try EvaluatedPrompt(
        group,
        set: set,
        mode: mode.name,
        row: range.lowerBound + index,
        keeping: keeping
      )
    }
  }
}
