import Components
import LanguageModels
import Tensors

extension Trainer {
  /// log p and entropy of every trained token under `model`, no gradient kept.
  func measure(
    _ batch: MicroBatch,
    with model: DecoderModel,
    temperature: Float
  ) -> (
    logProbs: [Float], entropies: [Float]
  ) {
    let tape = Tape(backend: backend, recording: false)
    let tokens = model.tokenLogProbs(
      tape: tape,
      batch: batch.packed,
      rows: batch.rows,
      targets: batch.targets,
      temperature: temperature,
      entropy: true
    )
    return (tokens.logProbs.array, tokens.entropy)
  }

  /// Loss and gradient norm of the fixed probe under the policy as it stands; nothing is updated.
  func measureProbe() throws -> SFTReport {
    model.trained.zeroGrad()
    var report = try supervisedPart(probe, scale: 1, coefficients: nil)
    report.gradNorm = model.trained.gradNorm()
    model.trained.zeroGrad()
    try requireFinite(report.gradNorm, "the probe's gradient norm")
    return report
  }

  /// A probe's rows, by position, as micro-batches.
  func probeMicroBatches(_ dataset: any Dataset, _ positions: [Int]) throws -> [MicroBatch] {
    let sequences = try positions.flatMap { try dataset.examples(in: $0..<($0 + 1)) }
      .map { try demonstration($0, slot: "demonstrations") }
    let kept = fitting(sequences).kept
    guard !kept.isEmpty || positions.isEmpty else {
      throw TrainingError.configuration(
        key: "probe_size",
        value: String(positions.count),
        problem: "leaves no row for the probe: all of them are longer than sft.max_length "
          + "\(configuration.sft.maxLength)",
        cure: "Raise sft.max_length or probe_size"
      )
    }
    return microBatches(kept, of: configuration.sft.perDeviceTrainBatchSize)
  }

  /// The reference becomes a copy of the policy as it stands; of an adapter that is trained, the base stays shared.
  func snapshotReference() throws {
    let matrices = referenceMatrices(for: model)
    if let reference, reference.store.matrices == matrices {
      reference.copyParameters(from: model)
    } else {
      // The old one goes first: there is no moment with two.
      reference = nil
      reference = DecoderModel(copying: model, matrices: matrices)
    }
    state.referenceDigest = try storeReference()
  }
}
