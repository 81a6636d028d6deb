import Components
import LanguageModels
import Tokenizers

/// A prompt and what was sampled of it.
struct RolloutGroup {
  let example: Example
  let promptText: String
  let prompt: [Int32]
  /// Where the row stands in the prompts; `nil` outside of training.
  let place: RowSource.Place?
  var samples: [RolloutSample] = []
  /// Sampled but not yet scored.
  var fresh: [Completion] = []
  /// How often the batch was sampled and scored.
  var rounds = 0

  init(
    example: Example,
    promptText: String,
    prompt: [Int32],
    place: RowSource.Place? = nil
  ) {
    self.example = example
    self.promptText = promptText
    self.prompt = prompt
    self.place = place
  }
}

/// A completion with what the rewards said of it.
struct RolloutSample {
  let completion: Completion
  let text: String
  /// One for each reward, `nil` where it abstained or was not asked.
  let scores: [Double?]
  /// The weighted sum, `nil` where all abstained.
  let total: Double?
  let solved: Bool
  /// In which round of its batch it was sampled: what was scored together.
  let round: Int
  /// The answer that it gives, where it was asked for and the rewards extract one.
  var answer: String?
}

extension RolloutGroup {
  /// The group of a row, nothing sampled yet.
  ///
  /// - Throws: `TrainingError.row` where the prompt is empty: nothing can be generated from it.
  init(
    _ example: Example,
    rows: RowTokenizer,
    slot: String,
    place: RowSource.Place? = nil
  ) throws {
    self.init(
      example: example,
      promptText: try rows.promptText(example, slot: slot),
      prompt: try rows.prompt(example, slot: slot),
      place: place
    )
    if prompt.isEmpty {
      throw TrainingError.row(
        slot: slot,
        id: example.id,
        problem: "has an empty prompt, which nothing can be generated from",
        cure: "Leave the row out, or give it a prompt"
      )
    }
  }
}

extension [RolloutGroup] {
  /// Scores the fresh completions of every group, and adds them to their groups.
  ///
  /// - Parameters:
  ///   - answers: whether the answers are wanted too, for majority votes.
  ///   - observe: sees what was scored.
  mutating func scoreFresh(
    with rewards: RewardPanel,
    rows: RowTokenizer,
    step: Int,
    seed: UInt64,
    answers: Bool = false,
    observe: (RewardBatch, [[Double?]]) -> Void = { _, _ in }
  ) throws {
    let items = flatMap { group in
      group.fresh.map {
        group.item($0.id, $0.tokens, truncated: $0.finishReason == .length, rows: rows)
      }
    }
    let batch = RewardBatch(step: step, seed: seed, items: items)
    let scores = try rewards.score(batch)
    observe(batch, scores)
    let (totals, solved) = (rewards.totals(scores), rewards.solved(scores))
    let given = answers ? try rewards.answers(batch, scores) : []
    var next = 0
    for index in indices {
      for completion in self[index].fresh {
        self[index].samples.append(
          RolloutSample(
            completion: completion,
            text: items[next].completion,
            scores: scores.map { $0[next] },
            total: totals[next],
            solved: solved[next],
            round: self[index].rounds,
            answer: answers ? given[next] : nil
          )
        )
        next += 1
      }
      self[index].fresh = []
      self[index].rounds += 1
    }
  }
}

extension RolloutGroup {
  /// A completion as a reward sees it.
  func item(_ id: UInt64, _ tokens: [Int32], truncated: Bool, rows: RowTokenizer) -> RewardItem {
    RewardItem(
      id: id,
      example: example,
      promptText: promptText,
      completion: rows.tokenizer.decode(tokens, skipSpecialTokens: true),
      completionWithSpecialTokens: rows.tokenizer.decode(tokens, skipSpecialTokens: false),
      completionIDs: tokens,
      truncated: truncated
    )
  }
}
