/// What a sequence of the step is.
public enum SequenceKind: UInt32, Sendable {
  /// A sampled completion in the RL part.
  case rollout = 0
  /// A demonstration in the SFT part.
  case demonstration = 1
  /// A demonstration that is a member of an RL group.
  case scoredDemonstration = 2
}

/// One sequence of the step, measured without gradients.
public struct SequenceStatistics: Sendable, Equatable {
  /// What it is.
  public var kind: SequenceKind
  /// The prompt's position in the step, or -1 for a demonstration outside any group.
  public var group: Int
  /// Trained tokens.
  public var tokens: Int
  /// Mean negative log-likelihood over its trained tokens, nats.
  public var nll: Double
  /// Mean entropy over its trained tokens, nats.
  public var entropy: Double
  /// Its advantage; 0 outside the RL part.
  public var advantage: Double

  /// Creates a record.
  public init(
    kind: SequenceKind,
    group: Int,
    tokens: Int,
    nll: Double,
    entropy: Double,
    advantage: Double
  ) {
    self.kind = kind
    self.group = group
    self.tokens = tokens
    self.nll = nll
    self.entropy = entropy
    self.advantage = advantage
  }
}

/// The whole step after rollouts and routing, before any gradient.
public struct StepStatistics: Sendable, Equatable {
  /// The optimizer step, 0-based.
  public var step: Int
  /// Every sequence of the step.
  public var sequences: [SequenceStatistics]

  /// Creates statistics.
  public init(step: Int, sequences: [SequenceStatistics]) {
    self.step = step
    self.sequences = sequences
  }
}

/// Weights of the parts, and of each sequence.
public struct StepWeights: Sendable, Equatable {
  /// Weight of the SFT loss.
  public var sftWeight: Double
  /// Weight of the RL loss.
  public var rlWeight: Double
  /// One factor for each sequence, in the statistics' order; empty for 1 everywhere.
  public var sequenceWeights: [Double]

  /// Creates weights.
  public init(sftWeight: Double, rlWeight: Double, sequenceWeights: [Double] = []) {
    self.sftWeight = sftWeight
    self.rlWeight = rlWeight
    self.sequenceWeights = sequenceWeights
  }
}

/// What a trained token is.
public enum TokenKind: UInt8, Sendable {
  /// Sampled by the policy.
  case rollout = 0
  /// Of a demonstration.
  case demonstration = 1
  /// Of a demonstration's prefix that a rollout continues.
  case hint = 2
}

/// Every trained token of the step, sequence after sequence.
public struct TokenWeightRequest: Sendable {
  /// The optimizer step, 0-based.
  public var step: Int
  /// Start of each sequence in the arrays below; one more entry than there are sequences.
  public var sequenceStarts: [Int]
  /// What each sequence is.
  public var sequenceKinds: [SequenceKind]
  /// log p of each token under the policy as it stands.
  public var logProbs: [Float]
  /// log p of each token under the policy that generated it; equal to `logProbs` for demonstrations.
  public var oldLogProbs: [Float]
  /// Entropy at each token, nats.
  public var entropies: [Float]
  /// Advantage of each token.
  public var advantages: [Float]
  /// What each token is.
  public var kinds: [TokenKind]
  /// The host's own coefficient on the gradient of each token's log p, normalisers and weights included: the gradient of the
  /// loss that is minimised, so negative where log p shall rise.
  public var coefficients: [Float]
  /// What one unit of each token's own loss weighs in the step's: normalisers and weights, 0 in a sequence that is masked out. A
  /// hint has that of its sequence's sampled tokens, though the host's own coefficient of it is 0.
  public var scales: [Float]
  /// The share of the KL term in `coefficients`.
  public var klCoefficients: [Float]

  /// Creates a request.
  public init(
    step: Int,
    sequenceStarts: [Int],
    sequenceKinds: [SequenceKind],
    logProbs: [Float],
    oldLogProbs: [Float],
    entropies: [Float],
    advantages: [Float],
    kinds: [TokenKind],
    coefficients: [Float],
    scales: [Float] = [],
    klCoefficients: [Float] = []
  ) {
    self.step = step
    self.sequenceStarts = sequenceStarts
    self.sequenceKinds = sequenceKinds
    self.logProbs = logProbs
    self.oldLogProbs = oldLogProbs
    self.entropies = entropies
    self.advantages = advantages
    self.kinds = kinds
    self.coefficients = coefficients
    self.scales = scales
    self.klCoefficients = klCoefficients
  }
}
