public import Components
public import LanguageModels
public import RunStore
public import Tokenizers

/// Evaluation outside of a run: `stepwise eval`.
public enum Evaluation {
  /// What was measured, and a few completions for reading.
  public struct Result: Sendable {
    /// The figures.
    public var record: EvaluationRecord
    /// Lines as in samples.jsonl.
    public var samples: [Record]
  }

  /// Samples the held-out prompts and judges the completions by the rewards, exactly as a run does.
  ///
  /// - Parameters:
  ///   - configuration: `evaluation`, and `grpo.max_completion_length` where that leaves the length open.
  ///   - model: The model; it is not changed and needs no gradients.
  ///   - endOfSequence: Ids that end a completion.
  ///   - dataset: The held-out rows.
  ///   - rewards: What judges.
  ///   - step: Recorded as the number of steps that the model was trained for.
  /// - Throws: `TrainingError`, `GenerationError`, and what rewards and dataset throw.
  public static func run(
    configuration: TrainingConfiguration,
    model: DecoderModel,
    tokenizer: Tokenizer,
    chat: ChatRenderer?,
    endOfSequence: [Int32],
    dataset: any Dataset,
    rewards: [WeightedReward],
    step: Int = 0,
    onWarning: @escaping (String) -> Void = { _ in }
  ) throws -> Result {
    guard let eosID = endOfSequence.first else {
      throw TrainingError.missingPart(
        "the model has no end-of-sequence token",
        cure: "Set eos_token_id in config.json or generation_config.json"
      )
    }
    let result = try Evaluator(
      configuration: configuration,
      rows: RowTokenizer(tokenizer: tokenizer, chat: chat, eosID: eosID),
      rewards: try RewardPanel(rewards, onFailure: onWarning),
      generator: Generator(model: model),
      endOfSequence: Set(endOfSequence)
    ).evaluate(dataset, step: step)
    return Result(record: result.record, samples: result.samples)
  }
}
