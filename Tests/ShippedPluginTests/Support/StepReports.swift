import Components

// Reports and requests with what a test says and plain values elsewhere.

extension SFTReport {
  /// A report of 100 tokens.
  static func of(gradNorm: Double = 1, nllVariance: Double = 1) -> Self {
    Self(
      loss: 1,
      nll: 1,
      nllVariance: nllVariance,
      gradNorm: gradNorm,
      entropy: .nan,
      meanTokenAccuracy: 0.5,
      tokens: 100
    )
  }
}

extension RLReport {
  /// A report of 100 tokens.
  static func of(gradNorm: Double = 1, advantageVariance: Double = 1) -> Self {
    Self(
      loss: 0,
      gradNorm: gradNorm,
      kl: .nan,
      entropy: .nan,
      rewardMean: 0.5,
      rewardStd: 0.5,
      successRate: 0.5,
      advantageMean: 0,
      advantageVariance: advantageVariance,
      fracRewardZeroStd: 0,
      completionLength: 10,
      tokens: 100
    )
  }
}

/// One sequence of a step, token by token.
struct FakeSequence {
  var kind: SequenceKind
  var logProbs: [Float]
  /// The host's coefficient on the gradient of each log p.
  var coefficients: [Float]
}

extension TokenWeightRequest {
  /// A step of these sequences.
  init(_ sequences: [FakeSequence]) {
    var starts = [0]
    for sequence in sequences { starts.append(starts.last! + sequence.logProbs.count) }
    let logProbs = sequences.flatMap(\.logProbs)
    self.init(
      step: 3,
      sequenceStarts: starts,
      sequenceKinds: sequences.map(\.kind),
      logProbs: logProbs,
      oldLogProbs: logProbs,
      entropies: logProbs.map { -$0 },
      advantages: logProbs.map { _ in 0 },
      kinds: sequences.flatMap { sequence in
        sequence.logProbs.map { _ in sequence.kind == .rollout ? .rollout : .demonstration }
      },
      coefficients: sequences.flatMap(\.coefficients)
    )
  }
}

/// Numbers that look random and are the same in every run.
func numbers(_ count: Int, in range: ClosedRange<Double>, seed: UInt64 = 1) -> [Double] {
  (0..<count).map {
    range.lowerBound + (range.upperBound - range.lowerBound)
      * SimulatedRun.uniform(seed: seed, step: $0, item: 0)
  }
}
