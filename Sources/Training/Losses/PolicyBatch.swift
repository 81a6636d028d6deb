/// What the GRPO family's loss is computed from: packed sampled tokens, N in all.
public struct PolicyBatch: Sendable {
  /// Advantages, for whole sequences or for single tokens.
  public enum Advantages: Sendable, Equatable {
    /// One for each sequence.
    case perSequence([Double])
    /// One for each of the N tokens.
    case perToken([Float])
  }

  /// The sequences, ascending and disjoint.
  public var sequences: [TrainedSequence]
  /// log p of each sampled token under the policy that is trained, at the sampling temperature; [N], nats.
  public var logProbs: [Float]
  /// log p under the policy that sampled; [N]. `nil`: `logProbs`, detached, so that every ratio is 1 and still has a gradient.
  public var oldLogProbs: [Float]?
  /// log p under the reference model; [N]. Needed where `beta` is not 0; where it is 0 they give the `kl` metric alone.
  public var refLogProbs: [Float]?
  /// Entropy at each token, nats, for the `entropy` metric; [N].
  public var entropies: [Float]?
  /// How much better than its group each sequence or token was.
  public var advantages: Advantages

  /// Creates a batch.
  public init(
    sequences: [TrainedSequence],
    logProbs: [Float],
    oldLogProbs: [Float]? = nil,
    refLogProbs: [Float]? = nil,
    entropies: [Float]? = nil,
    advantages: Advantages
  ) {
    self.sequences = sequences
    self.logProbs = logProbs
    self.oldLogProbs = oldLogProbs
    self.refLogProbs = refLogProbs
    self.entropies = entropies
    self.advantages = advantages
  }

  /// Tokens that are trained: those of the sequences that are not masked out.
  public var trainedTokens: Int { sequences.reduce(0) { $0 + $1.trainedTokens } }

  /// Stops at arrays of different lengths.
  func check() {
    let count = logProbs.count
    for (name, other) in [
      ("oldLogProbs", oldLogProbs?.count), ("refLogProbs", refLogProbs?.count),
      ("entropies", entropies?.count),
    ] {
      precondition(
        other == nil || other == count,
        "\(name) has \(other!) values for \(count) tokens"
      )
    }
    switch advantages {
    case .perSequence(let values):
      precondition(
        values.count == sequences.count,
        "\(values.count) advantages for \(sequences.count) sequences"
      )
    case .perToken(let values):
      precondition(values.count == count, "\(values.count) advantages for \(count) tokens")
    }
    TrainedSequence.check(sequences, tokens: count)
  }
}

/// What a micro-batch's summed loss is divided by. Which of these count depends on the loss type.
public struct PolicyNormalizer: Sendable, Equatable {
  /// `dapo`, `cispo`: trained tokens of the whole generation batch, TRL's `num_items_in_batch`.
  public var itemsInBatch: Int
  /// All: micro-batches in the optimizer step; 1 in evaluation.
  public var accumulationSteps: Int
  /// `dapo`, `cispo`: micro-batches in the generation batch; 1 in evaluation.
  public var stepsPerGeneration: Int
  /// `grpo`, `dr_grpo`: sequences in a micro-batch, those masked out included; `nil`: as many as the batch has. Given, a
  /// micro-batch may be computed in pieces, or a whole step at once.
  public var sequencesInMicroBatch: Int?

  /// Creates a normalizer.
  public init(
    itemsInBatch: Int,
    accumulationSteps: Int = 1,
    stepsPerGeneration: Int? = nil,
    sequencesInMicroBatch: Int? = nil
  ) {
    self.itemsInBatch = itemsInBatch
    self.accumulationSteps = accumulationSteps
    self.stepsPerGeneration = stepsPerGeneration ?? accumulationSteps
    self.sequencesInMicroBatch = sequencesInMicroBatch
  }
}
