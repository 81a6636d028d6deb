import BenchmarkFigures
import LanguageModels
import Tensors

/// Sampling at temperature 1 after prompts of random tokens; no sequence ends before its length.
struct DecodeWork {
  var batch: Int
  var prompt: Int
  var new: Int
  /// Completions of each prompt; above 1 they share its prefill.
  var group = 1

  func measure(_ shape: BenchmarkShape, _ parts: WorkParts, _ pace: Pace) throws -> Measurement {
    let (generator, parameters) = try generator(shape, parts)
    let requests = RandomTokens(vocabulary: shape.vocabulary, seed: 2)
      .rows(batch / group, of: prompt)
      .enumerated().map { row, tokens in
        GenerationRequest(prompt: tokens, count: group, firstID: UInt64(row * group))
      }
    func generate(_ count: Int) throws {
      _ = try generator.generate(
        requests,
        options: GenerationOptions(maxCompletionLength: count),
        seed: 3
      )
    }
    // The prefill is what one token costs; without it stands what the field calls decoding speed.
    let first = try Stopwatch.samples(
      Pace(warmUp: 1, repetitions: max(2, pace.repetitions))
    ) { try generate(1) }
    let samples = try Stopwatch.samples(pace) { try generate(new) }
    let prefill = Statistics.median(first)
    return Measurement(
      program: "stepwise",
      variant: parts.backend.name,
      tokens: batch * new,
      samples: samples,
      decodeSamples: samples.map { max($0 - prefill, 1e-9) },
      decodeTokens: batch * (new - 1),
      parameters: parameters
    )
  }

  /// A model that only generates where there is one on disk, as the rivals' decoders are.
  private func generator(
    _ shape: BenchmarkShape,
    _ parts: WorkParts
  ) throws -> (Generator, parameters: Int) {
    let backend = parts.backend.backend
    if let model = try shape.generationModel(backend: backend, models: parts.models) {
      let count = DecoderModel.parameterSpecs(model.configuration)
        .reduce(0) { $0 + $1.shape.reduce(1, *) }
      return (Generator(model: model, maxConcurrent: batch), count)
    }
    let model = try shape.model(backend: backend, models: nil, trainable: false)
    return (Generator(model: model, maxConcurrent: batch), model.parameterCount)
  }
}
