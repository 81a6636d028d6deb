import Components
import Foundation

/// A whole step as `tokenWeights` sees it, made of numbers that a seed chooses.
struct HandmadeStep {
  /// One sequence: what it is, and how many of its tokens are a hint's.
  struct Sequence {
    var kind = SequenceKind.rollout
    var hint = 0
    var tokens = 6
    var advantage = 1.0
    var scale: Float = 0.125
  }

  let request: TokenWeightRequest

  init(_ sequences: [Sequence], seed: UInt64 = 1) {
    var starts = [0]
    var kinds: [TokenKind] = []
    var advantages: [Float] = []
    var scales: [Float] = []
    for sequence in sequences {
      starts.append(starts.last! + sequence.tokens)
      kinds += (0..<sequence.tokens).map {
        sequence.kind != .rollout ? .demonstration : $0 < sequence.hint ? .hint : .rollout
      }
      advantages += Array(repeating: Float(sequence.advantage), count: sequence.tokens)
      scales += Array(repeating: sequence.scale, count: sequence.tokens)
    }
    func draw(_ token: Int, _ item: UInt64) -> Float {
      Float(SimulatedRun.uniform(seed: seed, step: token, item: item))
    }
    let tokens = kinds.indices
    request = TokenWeightRequest(
      step: 3,
      sequenceStarts: starts,
      sequenceKinds: sequences.map(\.kind),
      logProbs: tokens.map { -6 * draw($0, 1) },
      oldLogProbs: tokens.map { -6 * draw($0, 1) + 0.8 * (draw($0, 2) - 0.5) },
      entropies: tokens.map { 2 * draw($0, 3) },
      advantages: advantages,
      kinds: kinds,
      coefficients: tokens.map { kinds[$0] == .hint ? 0 : draw($0, 4) - 0.5 },
      scales: scales,
      klCoefficients: tokens.map { kinds[$0] == .hint ? 0 : 0.1 * (draw($0, 5) - 0.5) }
    )
  }
}

/// The most by which two lists differ; infinite where one is longer.
func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).map { abs($0 - $1) }.max() ?? 0
}

/// A prompt whose group is about to be sampled.
func shapeRequest(
  step: Int = 0,
  prompt: Int = 0,
  groupSize: Int = 8,
  demonstration count: Int = 101,
  stepBoundaries: [Int] = [],
  rewards: [Double?] = []
) -> RolloutShapeRequest {
  RolloutShapeRequest(
    step: step,
    prompt: prompt,
    exampleID: 1,
    groupSize: groupSize,
    demonstration: (0..<count).map { Int32($0) },
    stepBoundaries: stepBoundaries,
    rewards: rewards,
    uniform: { SimulatedRun.uniform(seed: UInt64(prompt) + 1, step: step, item: $0) }
  )
}

/// A step's groups after scoring: a group's samples are solved where their reward is 1.
func routeRequest(_ rewards: [[Double?]]) -> RouteRequest {
  RouteRequest(
    step: 0,
    prompts: rewards.enumerated().map { index, rewards in
      PromptGroup(
        exampleID: 100 + UInt64(index),
        rewards: rewards,
        succeeded: rewards.map { $0 == 1 },
        hasDemonstration: true
      )
    }
  )
}
