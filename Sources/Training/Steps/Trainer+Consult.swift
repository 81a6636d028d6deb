import Components
import Tensors

extension Trainer {
  /// One pass without gradients over the whole step, then the strategy's weights for parts, sequences and tokens.
  ///
  /// Only for strategies that declare `statisticsPass`. Whole-step arrays make the answer independent of how the step is cut
  /// into micro-batches.
  ///
  /// - Returns: the parts' weights, and each micro-batch's coefficients on the gradient of log p, those weights included, or `nil`
  ///   for the host's own.
  func consult(
    _ work: inout StepWork,
    _ planned: (sft: Double, rl: Double)
  ) throws -> (
    weights: (sft: Double, rl: Double), coefficients: [[Float]]?
  ) {
    let measured = work.batches.enumerated().map { index, batch in
      Measured(batch: batch, isRL: index >= work.demonstrations.count, trainer: self)
    }
    var weights = planned
    let statistics = StepStatistics(
      step: state.step,
      sequences: measured.flatMap(\.sequenceStatistics)
    )
    if let answer = try parts.strategy.stepWeights(statistics) {
      let count = statistics.sequences.count
      guard answer.sequenceWeights.isEmpty || answer.sequenceWeights.count == count else {
        throw refuse(
          "step_weights",
          "gave \(answer.sequenceWeights.count) weights for \(count) sequences"
        )
      }
      guard ([answer.sftWeight, answer.rlWeight] + answer.sequenceWeights).allSatisfy(\.isFinite)
      else { throw refuse("step_weights", "gave a weight that is not finite") }
      weights = (answer.sftWeight, answer.rlWeight)
      if !answer.sequenceWeights.isEmpty { work.multiply(answer.sequenceWeights) }
    }
    let terms = hostTerms(work, measured, weights)
    let batches = work.batches
    var starts = [0]
    for batch in batches {
      for index in batch.sequences.indices {
        starts.append(starts.last! + batch.range(index).count)
      }
    }
    let request = TokenWeightRequest(
      step: state.step,
      sequenceStarts: starts,
      sequenceKinds: batches.flatMap { $0.sequences.map(\.kind) },
      logProbs: measured.flatMap(\.logProbs),
      oldLogProbs: batches.indices.flatMap { index in
        batches[index].sequences.indices.flatMap { sequence in
          batches[index].sequences[sequence].oldLogProbs
            ?? Array(measured[index].logProbs[batches[index].range(sequence)])
        }
      },
      entropies: measured.flatMap(\.entropies),
      advantages: batches.flatMap { batch in
        batch.sequences.indices.flatMap {
          [Float](repeating: Float(batch.sequences[$0].advantage), count: batch.range($0).count)
        }
      },
      kinds: batches.flatMap(\.tokenKinds),
      coefficients: terms.flatMap(\.coefficients),
      scales: terms.flatMap(\.scales),
      klCoefficients: terms.flatMap(\.kl)
    )
    guard let answer = try parts.strategy.tokenWeights(request) else { return (weights, nil) }
    guard answer.count == request.coefficients.count, answer.allSatisfy(\.isFinite) else {
      throw refuse(
        "token_weights",
        "gave \(answer.count) coefficients for \(request.coefficients.count) tokens, or one that "
          + "is not finite"
      )
    }
    var next = 0
    let split = batches.map { batch -> [Float] in
      defer { next += batch.targets.count }
      return Array(answer[next..<(next + batch.targets.count)])
    }
    return (weights, split)
  }

  /// What the host's own losses say of every token, micro-batch by micro-batch.
  private func hostTerms(
    _ work: StepWork,
    _ measured: [Measured],
    _ weights: (sft: Double, rl: Double)
  ) -> [HostTerms] {
    let items = work.demonstrations.reduce(0) { $0 + $1.targets.count }
    let loss = SFTLoss(configuration.sft.lossType)
    let supervised = work.demonstrations.enumerated().map { index, batch in
      let result = loss.evaluate(
        logProbs: measured[index].logProbs,
        sequences: batch.trainedSequences,
        itemsInWindow: items
      )
      return HostTerms(
        coefficients: result.coefficients,
        scales: batch.perToken { batch.sequences[$0].weight / Double(max(items, 1)) },
        kl: Array(repeating: 0, count: batch.targets.count),
        weight: weights.sft
      )
    }
    let policy = work.rollouts.enumerated().map { index, rollouts in
      let result = policyLoss(
        rollouts,
        logProbs: measured[work.demonstrations.count + index].logProbs,
        entropies: nil,
        separatingParts: true
      )
      return HostTerms(
        coefficients: result.coefficients,
        scales: rollouts.batch.perToken { result.scales[$0] },
        kl: result.parts?.kl ?? [],
        weight: weights.rl
      )
    }
    return supervised + policy
  }

  private func refuse(_ hook: String, _ problem: String) -> TrainingError {
    .strategy(step: state.step, hook: hook, problem: problem)
  }
}

/// Per-token numbers of a micro-batch's own loss, its part's weight included. [N] each.
private struct HostTerms {
  let coefficients: [Float]
  let scales: [Float]
  let kl: [Float]

  init(coefficients: [Float], scales: [Double], kl: [Float], weight: Double) {
    self.coefficients = coefficients.map { $0 * Float(weight) }
    self.scales = scales.map { Float($0 * weight) }
    self.kl = kl.map { $0 * Float(weight) }
  }
}

extension MicroBatch {
  /// A value of each sequence at each of its trained tokens. [N]
  fileprivate func perToken(_ value: (Int) -> Double) -> [Double] {
    sequences.indices.flatMap { Array(repeating: value($0), count: range($0).count) }
  }
}

/// A micro-batch with the policy's log-probs and entropies, no gradient kept.
private struct Measured {
  let batch: MicroBatch
  let logProbs: [Float]
  let entropies: [Float]

  init(batch: MicroBatch, isRL: Bool, trainer: Trainer) {
    self.batch = batch
    let temperature = isRL ? Float(trainer.configuration.grpo.temperature) : 1
    let tokens = trainer.measure(batch, with: trainer.model, temperature: temperature)
    logProbs = tokens.logProbs
    entropies = tokens.entropies
  }

  var sequenceStatistics: [SequenceStatistics] {
    batch.sequences.indices.map { index in
      let (sequence, range) = (batch.sequences[index], batch.range(index))
      let count = Double(max(range.count, 1))
      return SequenceStatistics(
        kind: sequence.kind,
        group: sequence.group,
        tokens: range.count,
        nll: -logProbs[range].reduce(0) { $0 + Double($1) } / count,
        entropy: entropies[range].reduce(0) { $0 + Double($1) } / count,
        advantage: sequence.advantage
      )
    }
  }
}

extension StepWork {
  /// Multiplies each sequence's weight, in the order of `batches`.
  fileprivate mutating func multiply(_ factors: [Double]) {
    var next = 0
    func weighted(_ batch: MicroBatch) -> MicroBatch {
      var sequences = batch.sequences
      for index in sequences.indices {
        sequences[index].weight *= factors[next]
        next += 1
      }
      return MicroBatch(sequences)
    }
    for index in demonstrations.indices { demonstrations[index] = weighted(demonstrations[index]) }
    for index in rollouts.indices { rollouts[index].batch = weighted(rollouts[index].batch) }
  }
}
