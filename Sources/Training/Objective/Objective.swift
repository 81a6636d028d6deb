import Components
public import LanguageModels
public import Tensors

/// Loss and gradient norms of a given batch: what `stepwise objective` answers, and what parity with TRL is measured on.
///
/// It goes through the same micro-batches and losses as the trainer.
public struct Objective {
  let model: DecoderModel
  let backend: any Backend

  /// Measures `model`; its gradient buffer is overwritten.
  public init(model: DecoderModel, backend: any Backend) {
    self.model = model
    self.backend = backend
  }

  /// A demonstration as ids.
  public struct Row: Sendable, Equatable {
    /// The prompt; not trained.
    public var promptIDs: [Int32]
    /// The completion with its EOS; trained.
    public var completionIDs: [Int32]

    /// Creates a row.
    public init(promptIDs: [Int32], completionIDs: [Int32]) {
      self.promptIDs = promptIDs
      self.completionIDs = completionIDs
    }
  }

  /// A completion with what the policy loss needs. Per-token arrays have one entry for each completion token.
  public struct Sample: Sendable, Equatable {
    /// The prompt.
    public var promptIDs: [Int32]
    /// The completion.
    public var completionIDs: [Int32]
    /// How much better than its group it was.
    public var advantage: Double
    /// log p under the policy that sampled; `nil`: the current ones, detached.
    public var oldLogProbs: [Float]?
    /// log p under the reference; `nil`: measured with the reference model, where one is given.
    public var refLogProbs: [Float]?
    /// Whether it leaves the loss and the counts (TRL's `mask_truncated_completions`).
    public var isMaskedOut: Bool

    /// Creates a sample.
    public init(
      promptIDs: [Int32],
      completionIDs: [Int32],
      advantage: Double,
      oldLogProbs: [Float]? = nil,
      refLogProbs: [Float]? = nil,
      isMaskedOut: Bool = false
    ) {
      self.promptIDs = promptIDs
      self.completionIDs = completionIDs
      self.advantage = advantage
      self.oldLogProbs = oldLogProbs
      self.refLogProbs = refLogProbs
      self.isMaskedOut = isMaskedOut
    }
  }

  /// One micro-batch of completions.
  public struct MicroBatchInput: Sendable, Equatable {
    /// The completions.
    public var samples: [Sample]
    /// Trained tokens of the whole generation batch: TRL's `num_items_in_batch`; `nil`: those of this micro-batch.
    public var itemsInBatch: Int?
    /// Micro-batches in the optimizer step.
    public var accumulationSteps: Int

    /// Creates a micro-batch.
    public init(samples: [Sample], itemsInBatch: Int? = nil, accumulationSteps: Int = 1) {
      self.samples = samples
      self.itemsInBatch = itemsInBatch
      self.accumulationSteps = accumulationSteps
    }
  }

  /// What was measured.
  public struct Result: Sendable, Equatable {
    /// The sum over the micro-batches.
    public var loss: Double
    /// L2 norm of the accumulated gradient, before clipping.
    public var gradNorm: Double
    /// The same for each parameter, by its name in the checkpoint.
    public var perParameter: [String: Double]
  }

  /// The SFT loss over one accumulation window, micro-batches of `batchSize` rows.
  public func supervised(
    _ rows: [Row],
    lossType: SFTConfiguration.LossType = .nll,
    batchSize: Int? = nil
  ) -> Result {
    model.trained.zeroGrad()
    let sequences = rows.map {
      TrainingSequence(
        kind: .demonstration,
        exampleID: 0,
        group: -1,
        prompt: $0.promptIDs,
        completion: $0.completionIDs
      )
    }
    let items = sequences.reduce(0) { $0 + $1.trainedTokens }
    let size = max(batchSize ?? rows.count, 1)
    var loss = 0.0
    for start in stride(from: 0, to: sequences.count, by: size) {
      let batch = MicroBatch(sequences[start..<min(sequences.count, start + size)])
      loss += differentiate(batch, temperature: 1) { logProbs in
        let result = SFTLoss(lossType).evaluate(
          logProbs: logProbs,
          sequences: batch.trainedSequences,
          itemsInWindow: items
        )
        return (result.loss, result.coefficients)
      }
    }
    return result(loss)
  }

  /// The policy loss over the micro-batches of one accumulation window.
  ///
  /// - Parameter reference: measures reference log-probs where a sample has none and `beta` is not 0.
  public func policy(
    _ microBatches: [MicroBatchInput],
    configuration: GRPOConfiguration,
    reference: DecoderModel? = nil
  ) throws -> Result {
    model.trained.zeroGrad()
    let temperature = Float(configuration.temperature)
    var loss = 0.0
    for input in microBatches {
      let batch = MicroBatch(input.samples.map(sequence))
      let measured = try referenceLogProbs(
        batch,
        input,
        configuration: configuration,
        reference: reference
      )
      loss += differentiate(batch, temperature: temperature) { logProbs in
        var policy = batch.policyBatch(
          logProbs: logProbs,
          entropies: nil,
          maskTruncated: true
        )
        policy.refLogProbs = policy.refLogProbs ?? measured
        let items =
          input.itemsInBatch
          ?? policy.trainedTokens
        let result = PolicyLoss(configuration).evaluate(
          policy,
          normalizer: PolicyNormalizer(
            itemsInBatch: items,
            accumulationSteps: input.accumulationSteps,
            stepsPerGeneration: configuration.stepsPerGeneration ?? input.accumulationSteps
          )
        )
        return (result.loss, result.coefficients)
      }
    }
    return result(loss)
  }

  private func sequence(_ sample: Sample) -> TrainingSequence {
    TrainingSequence(
      kind: .rollout,
      exampleID: 0,
      group: 0,
      prompt: sample.promptIDs,
      completion: sample.completionIDs,
      advantage: sample.advantage,
      truncated: sample.isMaskedOut,
      oldLogProbs: sample.oldLogProbs,
      refLogProbs: sample.refLogProbs
    )
  }

  private func referenceLogProbs(
    _ batch: MicroBatch,
    _ input: MicroBatchInput,
    configuration: GRPOConfiguration,
    reference: DecoderModel?
  ) throws -> [Float]? {
    guard configuration.beta != 0, input.samples.contains(where: { $0.refLogProbs == nil }) else {
      return nil
    }
    guard let reference else {
      throw TrainingError.missingPart(
        "beta is \(configuration.beta), but the batch has no ref_per_token_logps",
        cure: "Add them to the batch, or name a reference model with --reference DIR"
      )
    }
    return reference.tokenLogProbs(
      tape: Tape(backend: backend, recording: false),
      batch: batch.packed,
      rows: batch.rows,
      targets: batch.targets,
      temperature: Float(configuration.temperature)
    ).logProbs.array
  }

  func differentiate(
    _ batch: MicroBatch,
    temperature: Float,
    loss: ([Float]) -> (Double, [Float])
  ) -> Double {
    let tape = Tape(backend: backend, recording: true)
    let tokens = model.tokenLogProbs(
      tape: tape,
      batch: batch.packed,
      rows: batch.rows,
      targets: batch.targets,
      temperature: temperature
    )
    let (value, coefficients) = loss(tokens.logProbs.array)
    tape.backward(tokens.logProbs, gradient: coefficients)
    return value
  }

  private func result(_ loss: Double) -> Result {
    Result(
      loss: loss,
      gradNorm: model.trained.gradNorm(),
      perParameter: model.trained.perParameterGradNorms()
    )
  }
}
