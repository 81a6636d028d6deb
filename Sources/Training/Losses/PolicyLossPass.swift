import Glibc

/// One pass over a batch's sequences: where the formulas of `PolicyLoss` are.
struct PolicyLossPass {
  /// What one token adds before its weight and normalizer.
  struct Term {
    /// Its loss.
    var value = 0.0
    /// d(value)/d(log p) with the ratio held fixed.
    var direct = 0.0
    /// d(value)/d(ratio).
    var ratio = 0.0
  }

  private let options: GRPOConfiguration
  private let isSequenceLevel: Bool
  /// Whether a clip flag is one per sequence, not one per token: TRL's tensors of shape (B, 1).
  private let hasSequenceFlags: Bool
  private let low: Double
  private let high: Double
  private let epsilonHigh: Double
  /// 1 / divisor of a token's loss; `grpo` divides by the sequence's length besides.
  private let scale: Double

  private var surrogateLoss = 0.0
  private var klLoss = 0.0
  private var surrogate: [Double]
  private var kl: [Double]
  private var scales: [Double]
  private var metrics: PolicyMetrics

  init(_ options: GRPOConfiguration, batch: PolicyBatch, normalizer: PolicyNormalizer) {
    self.options = options
    isSequenceLevel = options.importanceSamplingLevel == .sequence
    if case .perSequence = batch.advantages, isSequenceLevel {
      hasSequenceFlags = true
    } else {
      hasSequenceFlags = false
    }
    epsilonHigh = options.epsilonHigh ?? options.epsilon
    low = 1 - options.epsilon
    high = 1 + epsilonHigh

    let sequences = Double(max(normalizer.sequencesInMicroBatch ?? batch.sequences.count, 1))
    let steps = Double(normalizer.accumulationSteps)
    let divisor =
      switch options.lossType {
      case .grpo: sequences * steps
      case .bnpo: Double(max(batch.trainedTokens, 1)) * steps
      case .drGRPO: sequences * Double(options.maxCompletionLength) * steps
      case .dapo, .cispo:
        Double(max(normalizer.itemsInBatch, 1)) * steps / Double(normalizer.stepsPerGeneration)
      }
    scale = 1 / divisor

    surrogate = Array(repeating: 0, count: batch.logProbs.count)
    kl = surrogate
    scales = Array(repeating: 0, count: batch.sequences.count)
    metrics = PolicyMetrics(
      isClipped: options.lossType != .cispo,
      hasKL: batch.refLogProbs != nil,
      hasEntropy: batch.entropies != nil
    )
  }

  /// Adds one sequence.
  mutating func visit(_ index: Int, of batch: PolicyBatch) {
    let sequence = batch.sequences[index]
    let tokens = sequence.tokens
    let share = self.share(of: sequence)
    scales[index] = share
    var sequenceAdvantage = 0.0
    var tokenAdvantages: [Float]?
    switch batch.advantages {
    case .perSequence(let values): sequenceAdvantage = values[index]
    case .perToken(let values): tokenAdvantages = values
    }
    guard sequence.trainedTokens > 0 else {
      if hasSequenceFlags {
        // As in TRL, where a row that is masked out keeps its flag, of an empty mean's ratio 1. Token flags have no such row.
        let flags = clipped(ratio: 1, advantage: sequenceAdvantage)
        metrics.addFlags(low: flags.low ? 1 : 0, high: flags.high ? 1 : 0, count: 1)
      }
      return
    }
    let count = Double(tokens.count)
    let sequenceRatio = isSequenceLevel ? exp(Self.meanLogRatio(tokens, of: batch)) : 1

    var surrogateSum = 0.0
    var klSum = 0.0
    var surrogateRatioSum = 0.0
    var klRatioSum = 0.0
    var lowClipped = 0
    var highClipped = 0
    for token in tokens {
      let logProb = Double(batch.logProbs[token])
      let advantage = tokenAdvantages.map { Double($0[token]) } ?? sequenceAdvantage
      let ratio: Double
      if isSequenceLevel {
        ratio = sequenceRatio
      } else if let old = batch.oldLogProbs {
        ratio = exp(logProb - Double(old[token]))
      } else {
        ratio = 1
      }

      let term = surrogateTerm(ratio: ratio, advantage: advantage, logProb: logProb)
      surrogateSum += term.value
      surrogate[token] = share * (isSequenceLevel ? term.direct : term.direct + term.ratio * ratio)
      surrogateRatioSum += term.ratio

      if let reference = batch.refLogProbs {
        let term = klTerm(ratio: ratio, difference: Double(reference[token]) - logProb)
        metrics.kl?.add(term.value)
        if options.beta != 0 {
          klSum += term.value
          let direct = isSequenceLevel ? term.direct : term.direct + term.ratio * ratio
          kl[token] = options.beta * share * direct
          klRatioSum += term.ratio
        }
      }
      if let entropies = batch.entropies { metrics.entropy?.add(Double(entropies[token])) }

      let flags = clipped(ratio: ratio, advantage: advantage)
      lowClipped += flags.low ? 1 : 0
      highClipped += flags.high ? 1 : 0
    }

    if isSequenceLevel {
      // The ratio is one number of the whole sequence: d(ratio)/d(log p) = ratio / count at every token.
      let surrogateShare = share * surrogateRatioSum * sequenceRatio / count
      let klShare = options.beta * share * klRatioSum * sequenceRatio / count
      for token in tokens {
        surrogate[token] += surrogateShare
        kl[token] += klShare
      }
    }
    surrogateLoss += share * surrogateSum
    klLoss += options.beta * share * klSum
    metrics.tokens += tokens.count
    metrics.addFlags(
      low: hasSequenceFlags ? min(lowClipped, 1) : lowClipped,
      high: hasSequenceFlags ? min(highClipped, 1) : highClipped,
      count: hasSequenceFlags ? 1 : tokens.count
    )
  }

  /// The sums, as the loss's answer.
  func result(separatingParts: Bool) -> PolicyLossResult {
    PolicyLossResult(
      loss: surrogateLoss + klLoss,
      surrogateLoss: surrogateLoss,
      klLoss: klLoss,
      coefficients: zip(surrogate, kl).map { Float($0 + $1) },
      scales: scales,
      parts: separatingParts
        ? .init(surrogate: surrogate.map { Float($0) }, kl: kl.map { Float($0) }) : nil,
      metrics: metrics
    )
  }

  /// What a token of the sequence weighs. One whose tokens are all a demonstration's has a scale too: a strategy may train them.
  private func share(of sequence: TrainedSequence) -> Double {
    guard !sequence.isMaskedOut else { return 0 }
    let length = options.lossType == .grpo ? Double(max(sequence.tokens.count, 1)) : 1
    return scale * sequence.weight / length
  }

  private static func meanLogRatio(_ tokens: Range<Int>, of batch: PolicyBatch) -> Double {
    guard let old = batch.oldLogProbs else { return 0 }
    var sum = 0.0
    for token in tokens { sum += Double(batch.logProbs[token]) - Double(old[token]) }
    return sum / Double(tokens.count)
  }

  /// The clipped surrogate, with torch's subgradients: a clamp passes the gradient on its bounds too, and equal arguments of
  /// `min` share it.
  private func surrogateTerm(ratio: Double, advantage: Double, logProb: Double) -> Term {
    if options.lossType == .cispo {
      let weight = -min(ratio, epsilonHigh) * advantage
      return Term(value: weight * logProb, direct: weight)
    }
    let cap = options.delta ?? .infinity
    let capped = min(ratio, cap) * advantage
    let clipped = min(max(ratio, low), high) * advantage
    let cappedSlope = ratio <= cap ? advantage : 0
    let clippedSlope = low <= ratio && ratio <= high ? advantage : 0
    if capped < clipped { return Term(value: -capped, ratio: -cappedSlope) }
    if clipped < capped { return Term(value: -clipped, ratio: -clippedSlope) }
    return Term(value: -capped, ratio: -(cappedSlope + clippedSlope) / 2)
  }

  /// The k3 estimate of KL(policy || reference) from `difference = ref - lp`, without `beta`. The ratio here is neither capped
  /// nor clipped.
  private func klTerm(ratio: Double, difference: Double) -> Term {
    let value = expm1(difference) - difference
    let slope = -expm1(difference)
    guard options.useBiasCorrectionKL else { return Term(value: value, direct: slope) }
    return Term(value: value * ratio, direct: slope * ratio, ratio: value)
  }

  /// Whether the clip took the gradient away, by TRL's definition: on the ratio that `delta` has already capped.
  private func clipped(ratio: Double, advantage: Double) -> (low: Bool, high: Bool) {
    if options.lossType == .cispo { return (false, ratio > epsilonHigh && advantage > 0) }
    let capped = min(ratio, options.delta ?? .infinity)
    return (capped < low && advantage < 0, capped > high && advantage > 0)
  }
}
