import Components
import LanguageModels
import Tensors

/// What the gradient of a step came out as; it stands in the model's gradient buffer, unclipped.
struct StepOutcome {
  var kind: StepKind
  var sft: SFTReport?
  var rl: RLReport?
  /// Norm of the whole gradient before clipping.
  var gradNorm: Double
  /// Cosine between the parts; NaN where it was not asked for.
  var cosine = Double.nan
  /// Tokens trained.
  var tokens: Int
  /// Whether the plan's limit on the norm kept the update from being made.
  var isSkipped = false
  /// The loss as minimised, weights included.
  var loss: Double
  /// TRL's metrics of the policy loss.
  var policyMetrics: PolicyMetrics?
  /// The gradients of the objectives by themselves, where that is asked for.
  var gradientParts: [Diagnostic] = []
}

extension Trainer {
  /// Forward, loss and backward of both parts; leaves the weighted sum of their gradients in the model's gradient buffer.
  func differentiate(_ work: StepWork, _ plan: StepPlan) throws -> StepOutcome {
    let needs = parts.strategy.requirements
    var weights = (sft: plan.sftWeight, rl: plan.rlWeight)
    var overrides: [[Float]]?
    var work = work
    if needs.contains(.statisticsPass), !work.batches.isEmpty {
      (weights, overrides) = try consult(&work, weights)
    }
    // A strategy's coefficients hold every weight already, so the parts enter the sum as they are.
    let planned = weights
    if overrides != nil { weights = (1, 1) }
    let (hasSFT, hasRL) = (!work.demonstrations.isEmpty, !work.rollouts.isEmpty)
    let apart =
      hasSFT && hasRL
      && (needs.contains(.gradientNorms) || needs.contains(.gradientCosine))
    // Where the parts' gradients are not needed apart, their weights go into the coefficients and one buffer holds the sum.
    let scales = hasSFT && hasRL && !apart ? weights : (sft: 1, rl: 1)
    let split = work.demonstrations.count
    model.trained.zeroGrad()
    var outcome = StepOutcome(
      kind: hasSFT ? (hasRL ? .both : .sft) : .rl,
      gradNorm: 0,
      tokens: 0,
      loss: 0
    )
    var sftGradient: GradientBuffer?
    if hasSFT {
      var report = try supervisedPart(
        work.demonstrations,
        scale: scales.sft,
        coefficients: overrides.map { Array($0[..<split]) },
        weight: planned.sft
      )
      if apart || !hasRL { report.gradNorm = try finiteNorm("the SFT gradient norm") }
      if apart {
        sftGradient = model.trained.gradientCopy()
        model.trained.zeroGrad()
      }
      outcome.sft = report
      outcome.tokens += report.tokens
      outcome.loss += weights.sft * report.loss
    }
    if hasRL {
      var (report, metrics) = try policyPart(
        work,
        scale: scales.rl,
        coefficients: overrides.map { Array($0[split...]) },
        weight: planned.rl
      )
      if apart || !hasSFT { report.gradNorm = try finiteNorm("the RL gradient norm") }
      outcome.rl = report
      outcome.policyMetrics = metrics
      outcome.tokens += report.tokens
      outcome.loss += weights.rl * report.loss
    }
    if let sftGradient, let sft = outcome.sft, let rl = outcome.rl {
      let product = sft.gradNorm * rl.gradNorm
      outcome.cosine = product > 0 ? model.trained.dot(sftGradient) / product : 0
      if weights.rl != 1 { model.trained.scaleGradients(Float(weights.rl)) }
      model.trained.addGradients(sftGradient, scale: Float(weights.sft))
    } else if hasSFT != hasRL {
      let weight = hasSFT ? weights.sft : weights.rl
      if weight != 1 { model.trained.scaleGradients(Float(weight)) }
    }
    outcome.gradNorm = try finiteNorm("the gradient norm")
    let isLogged = (state.step + 1) % max(1, configuration.loggingSteps) == 0
    if configuration.logGradientParts, isLogged {
      outcome.gradientParts = try gradientParts(work)
    }
    return outcome
  }

  /// Forward and backward of demonstrations.
  ///
  /// - Parameters:
  ///   - scale: multiplies the gradient, not the reported loss.
  ///   - coefficients: the strategy's own, one array for each micro-batch; `nil` for the loss's.
  ///   - weight: the part's, which the strategy's coefficients include.
  func supervisedPart(
    _ batches: [MicroBatch],
    scale: Double,
    coefficients: [[Float]]?,
    weight: Double = 1
  ) throws -> SFTReport {
    let supervised = SFTLoss(configuration.sft.lossType)
    let items = batches.reduce(0) { $0 + $1.targets.count }
    var total = 0.0
    var metrics: SFTMetrics?
    for (index, batch) in batches.enumerated() {
      let tape = Tape(backend: backend, recording: true)
      let tokens = model.tokenLogProbs(
        tape: tape,
        batch: batch.packed,
        rows: batch.rows,
        targets: batch.targets,
        temperature: 1,
        entropy: true
      )
      let result = supervised.evaluate(
        logProbs: tokens.logProbs.array,
        sequences: batch.trainedSequences,
        itemsInWindow: items,
        isArgmax: tokens.isArgmax,
        entropies: tokens.entropy
      )
      total += loss(
        result.loss,
        result.coefficients,
        replaced: coefficients?[index],
        weight: weight,
        logProbs: tokens.logProbs.array
      )
      if metrics == nil { metrics = result.metrics } else { metrics!.merge(result.metrics) }
      tape.backward(
        tokens.logProbs,
        gradient: scaled(coefficients?[index] ?? result.coefficients, by: scale)
      )
    }
    try requireFinite(total, "the SFT loss")
    return SFTReport(
      loss: total,
      nll: metrics?.nll ?? 0,
      nllVariance: metrics?.nllVariance ?? 0,
      gradNorm: .nan,
      entropy: metrics?.entropyMean ?? .nan,
      meanTokenAccuracy: metrics?.meanTokenAccuracy ?? .nan,
      tokens: items
    )
  }

  private func policyPart(
    _ work: StepWork,
    scale: Double,
    coefficients: [[Float]]?,
    weight: Double
  ) throws -> (
    RLReport, PolicyMetrics?
  ) {
    var total = 0.0
    var metrics: PolicyMetrics?
    var tokensTrained = 0
    var advantages: [Double] = []
    for (index, rollouts) in work.rollouts.enumerated() {
      let batch = rollouts.batch
      let tape = Tape(backend: backend, recording: true)
      let tokens = model.tokenLogProbs(
        tape: tape,
        batch: batch.packed,
        rows: batch.rows,
        targets: batch.targets,
        temperature: Float(configuration.grpo.temperature),
        entropy: true
      )
      let result = policyLoss(rollouts, logProbs: tokens.logProbs.array, entropies: tokens.entropy)
      total += loss(
        result.loss,
        result.coefficients,
        replaced: coefficients?[index],
        weight: weight,
        logProbs: tokens.logProbs.array
      )
      if metrics == nil { metrics = result.metrics } else { metrics!.merge(result.metrics) }
      tokensTrained += batch.targets.count
      advantages += batch.sequences.map(\.advantage)
      tape.backward(
        tokens.logProbs,
        gradient: scaled(coefficients?[index] ?? result.coefficients, by: scale)
      )
    }
    try requireFinite(total, "the RL loss")
    let moments = Moments(advantages)
    let statistics = work.statistics ?? RolloutStatistics()
    let report = RLReport(
      loss: total,
      gradNorm: .nan,
      kl: metrics?.klMean ?? .nan,
      entropy: metrics?.entropyMean ?? .nan,
      rewardMean: statistics.rewardMean,
      rewardStd: statistics.rewardStd,
      successRate: statistics.successRate,
      advantageMean: moments.mean,
      advantageVariance: moments.variance,
      fracRewardZeroStd: statistics.fracRewardZeroStd,
      completionLength: statistics.completionLength,
      tokens: tokensTrained
    )
    return (report, metrics)
  }

  /// The policy loss of one micro-batch of rollouts.
  func policyLoss(
    _ rollouts: StepWork.Rollouts,
    logProbs: [Float],
    entropies: [Float]?,
    separatingParts: Bool = false
  )
    -> PolicyLossResult
  {
    let grpo = configuration.grpo
    let batch = rollouts.batch
    // A route may drop sequences, so that micro-batches differ in size. Means over sequences are then taken over the step's
    // whole number; without drops that is TRL's mean of the micro-batches' means.
    let overSequences = grpo.lossType == .grpo || grpo.lossType == .drGRPO
    return PolicyLoss(grpo).evaluate(
      batch.policyBatch(
        logProbs: logProbs,
        entropies: entropies,
        maskTruncated: grpo.maskTruncatedCompletions
      ),
      normalizer: PolicyNormalizer(
        itemsInBatch: rollouts.itemCount,
        accumulationSteps: overSequences ? 1 : grpo.gradientAccumulationSteps,
        stepsPerGeneration: grpo.resolvedStepsPerGeneration,
        sequencesInMicroBatch: overSequences ? rollouts.sequencesInStep : nil
      ),
      separatingParts: separatingParts
    )
  }

  /// The loss to report: the host's own, or where a strategy gave coefficients c for the host's h,
  ///
  ///     weight * loss + sum over tokens of (c - weight h) log p
  ///
  /// whose gradient is what the tokens are trained with, and which is the host's where c is.
  private func loss(
    _ host: Double,
    _ coefficients: [Float],
    replaced: [Float]?,
    weight: Double,
    logProbs: [Float]
  ) -> Double {
    guard let replaced else { return host }
    var loss = weight * host
    for (token, new) in replaced.enumerated() {
      let old = coefficients[token] * Float(weight)
      if new != old { loss += (Double(new) - Double(old)) * Double(logProbs[token]) }
    }
    return loss
  }

  private func scaled(_ values: [Float], by scale: Double) -> [Float] {
    scale == 1 ? values : values.map { $0 * Float(scale) }
  }

  private func finiteNorm(_ name: String) throws -> Double {
    let norm = model.trained.gradNorm()
    try requireFinite(norm, name)
    return norm
  }

  func requireFinite(_ value: Double, _ name: String) throws {
    guard value.isFinite else {
      throw TrainingError.nonFinite(step: state.step, quantity: name, value: value)
    }
  }
}

extension MicroBatch {
  /// The micro-batch as the policy loss wants it: hints and, where asked, truncated completions left out.
  func policyBatch(logProbs: [Float], entropies: [Float]?, maskTruncated: Bool) -> PolicyBatch {
    PolicyBatch(
      sequences: sequences.indices.map {
        TrainedSequence(
          tokens: rangeWithoutHint($0),
          weight: sequences[$0].weight,
          isMaskedOut: maskTruncated && sequences[$0].truncated
        )
      },
      logProbs: logProbs,
      oldLogProbs: gathered(\.oldLogProbs, else: logProbs),
      refLogProbs: gathered(\.refLogProbs, else: logProbs),
      entropies: entropies,
      advantages: .perSequence(sequences.map(\.advantage))
    )
  }

  /// The stored per-token values of all sequences, [N]; a sequence that has none takes the current ones; `nil` where none has.
  private func gathered(
    _ key: KeyPath<TrainingSequence, [Float]?>,
    else current: [Float]
  )
    -> [Float]?
  {
    guard sequences.contains(where: { $0[keyPath: key] != nil }) else { return nil }
    return sequences.indices.flatMap { sequences[$0][keyPath: key] ?? Array(current[range($0)]) }
  }
}

/// Mean and variance (divided by the number) of some values.
struct Moments {
  private(set) var mean = 0.0
  private(set) var variance = 0.0

  init(_ values: [Double]) {
    guard !values.isEmpty else { return }
    let (sum, count) = (values.reduce(0, +), Double(values.count))
    let center = sum / count
    mean = center
    variance = values.reduce(0) { $0 + ($1 - center) * ($1 - center) } / count
  }
}
