import BenchmarkFigures
import LanguageModels
import Tensors

/// Forward, backward and AdamW of one batch of random tokens.
struct SFTWork {
  var batch: Int
  var sequence: Int

  func measure(_ shape: BenchmarkShape, _ parts: WorkParts, _ pace: Pace) throws -> Measurement {
    let model = try shape.model(
      backend: parts.backend.backend,
      models: parts.models,
      trainable: true
    )
    let packed = PackedBatch(
      RandomTokens(vocabulary: shape.vocabulary, seed: 1).rows(batch, of: sequence)
    )
    let (positions, targets) = packed.nextTokenTargets
    let gradient = [Float](repeating: -1 / Float(targets.count), count: targets.count)
    let optimizer = AdamWState(for: model.store)
    let samples = Stopwatch.samples(pace) {
      model.store.zeroGrad()
      let tape = Tape(backend: model.backend)
      let scored = model.tokenLogProbs(
        tape: tape,
        batch: packed,
        rows: positions,
        targets: targets
      )
      tape.backward(scored.logProbs, gradient: gradient)
      model.store.adamW(optimizer, options: AdamWOptions(learningRate: 1e-4, weightDecay: 0.01))
    }
    return Measurement(
      program: "stepwise",
      variant: parts.backend.name,
      tokens: batch * sequence,
      samples: samples,
      parameters: model.parameterCount
    )
  }
}
