import Components

/// One sequence of an optimizer step: a demonstration, or a completion with what its loss needs.
///
/// Shapes, with C completion tokens: `oldLogProbs` and `refLogProbs` have one entry for each trained token.
struct TrainingSequence: Codable, Sendable, Equatable {
  var kind: SequenceKind
  /// The row.
  var exampleID: UInt64
  /// The prompt's position in its generation batch; -1 for a demonstration outside any group.
  var group: Int
  var prompt: [Int32]
  /// With EOS, where it was produced.
  var completion: [Int32]
  /// The first so many completion tokens come from a demonstration's prefix, not from the policy.
  var hintLength = 0
  /// One for each reward function, `nil` where it abstained; empty for a demonstration.
  var scores: [Double?] = []
  /// The weighted sum, `nil` where all abstained.
  var reward: Double?
  var advantage = 0.0
  /// Multiplies this sequence's loss.
  var weight = 1.0
  /// Cut at the length limit.
  var truncated = false
  /// Which completion tokens are trained; `nil` for all. Only demonstrations have it.
  var trained: [Bool]?
  var oldLogProbs: [Float]?
  var refLogProbs: [Float]?

  /// Prompt and completion, tokens.
  var length: Int { prompt.count + completion.count }

  /// Tokens whose log p is trained: all of the completion, but for the first token of a row without a prompt, which nothing predicts.
  var trainedTokens: Int {
    guard let trained else { return completion.count - unpredicted }
    return trained.dropFirst(unpredicted).count { $0 }
  }

  /// Completion tokens that nothing predicts: the first one of a row without a prompt.
  var unpredicted: Int { prompt.isEmpty ? 1 : 0 }

  /// Trained tokens without those of a hint.
  var sampledTokens: Int { trainedTokens - trainedHint }

  /// Trained tokens that come from a hint.
  var trainedHint: Int { min(max(hintLength - (prompt.isEmpty ? 1 : 0), 0), trainedTokens) }

  /// A demonstration in the SFT part.
  static func demonstration(_ row: RowTokenizer.Row, group: Int = -1, weight: Double = 1) -> Self {
    .init(
      kind: .demonstration,
      exampleID: row.id,
      group: group,
      prompt: row.prompt,
      completion: row.completion,
      weight: weight,
      truncated: row.cut > 0,
      trained: row.trained
    )
  }
}

/// One generation batch: rollouts of several prompts, scored, routed and in training order.
struct GenerationBatch: Codable, Sendable {
  /// In training order (shuffled over the groups).
  var sequences: [TrainingSequence]
  /// Demonstrations that the route sends to the SFT part, in group order; trained as often as the rollouts beside them.
  var routedDemonstrations: [TrainingSequence]
  /// Tokens of the batch that enter the loss: the normaliser of dapo and cispo.
  var itemCount: Int
  var statistics: RolloutStatistics

  /// The sequences of micro-batch `index` of `count`, in order; even where the route dropped some.
  func slice(_ index: Int, of count: Int) -> ArraySlice<TrainingSequence> {
    Self.slice(sequences, index, of: count)
  }

  /// The routed demonstrations of micro-batch `index` of `count`, in order.
  func routedSlice(_ index: Int, of count: Int) -> ArraySlice<TrainingSequence> {
    Self.slice(routedDemonstrations, index, of: count)
  }

  private static func slice(
    _ sequences: [TrainingSequence],
    _ index: Int,
    of count: Int
  ) -> ArraySlice<TrainingSequence> {
    sequences[(sequences.count * index / count)..<(sequences.count * (index + 1) / count)]
  }
}

/// What a generation batch looked like: the source of TRL's `completions/...` and `rewards/...` metrics.
struct RolloutStatistics: Codable, Sendable {
  var metrics: [Diagnostic] = []
  var rewardMean = 0.0
  var rewardStd = 0.0
  var successRate = 0.0
  var fracRewardZeroStd = 0.0
  var completionLength = 0.0
  var generatedTokens = 0
}
