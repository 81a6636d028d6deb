import Components
import LanguageModels

/// Samples prompts that are not trained on and has the completions judged by the rewards.
///
/// Completion `j` of row `i` draws from stream `i * k + j` of the evaluation's own, whatever dataset the row is of: two models, or a
/// row and its perturbation, are compared on equal draws.
struct HeldOutSampler {
  let rows: RowTokenizer
  let rewards: RewardPanel
  let generator: Generator
  let seed: UInt64

  /// Evaluation draws from ids that no rollout reaches.
  private static let streamBase: UInt64 = 1 << 63

  /// Prompts that are generated and scored together.
  static func promptsAtOnce(batch: Int, k: Int) -> Int { max(1, batch / k) }

  /// The rows at the places of `range`, each with its judged completions.
  ///
  /// - Parameters:
  ///   - slot: what the dataset is called in messages.
  ///   - answers: whether the answers are wanted too.
  func judge(
    _ dataset: any Dataset,
    _ range: Range<Int>,
    slot: String,
    k: Int,
    options: GenerationOptions,
    answers: Bool,
    progress: ((Int, Int) -> Void)? = nil
  ) throws -> [RolloutGroup] {
    var groups = try dataset.examples(in: range).map { example in
      try rewards.check(example, slot: slot)
      return try RolloutGroup(example, rows: rows, slot: slot)
    }
    guard groups.count == range.count else {
      throw TrainingError.configuration(
        key: slot,
        value: dataset.identity.id,
        problem: "gave \(groups.count) rows for the range \(range)",
        cure: "The dataset plugin must give exactly the rows it is asked for"
      )
    }
    let completions = try generator.generate(
      groups.enumerated().map { index, group in
        GenerationRequest(
          prompt: group.prompt,
          count: k,
          firstID: Self.streamBase | UInt64((range.lowerBound + index) * k)
        )
      },
      options: options,
      seed: seed,
      progress: progress
    )
    for (index, drawn) in completions.enumerated() { groups[index].fresh = drawn }
    try groups.scoreFresh(with: rewards, rows: rows, step: 0, seed: seed, answers: answers)
    return groups
  }
}

extension EvaluationConfiguration {
  /// How completions are drawn.
  ///
  /// - Parameter fallbackLength: the RL part's `max_completion_length`.
  func options(fallbackLength: Int, endOfSequence: Set<Int32>) -> GenerationOptions {
    GenerationOptions(
      temperature: temperature,
      topK: topK,
      topP: topP,
      minP: minP,
      repetitionPenalty: repetitionPenalty,
      maxCompletionLength: maxCompletionLength ?? fallbackLength,
      eosTokenIDs: endOfSequence
    )
  }
}
