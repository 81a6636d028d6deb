import Tensors

/// Draws completions of many prompts at once.
///
/// A prompt is computed once and its keys and values are shared by its whole group. Sequences that
/// end leave the batch and waiting ones take their places, so that up to `maxConcurrent` are
/// decoded together.
///
/// **Bits.** Token i of sample `id` is drawn with number i of the Philox stream (seed, id), which
/// depends on nothing else. The probabilities are the same bits for any number of threads; with the
/// backend's own matrix kernels (`CPUOptions.MatrixProvider.builtin`) also for any batch: a
/// completion does not change with the samples beside it, with `maxConcurrent` or with its group.
/// With OpenBLAS a row's rounding may depend on the number of rows.
public final class Generator {
  /// Packs the weights of the model as they are at the call.
  let weights: () -> GenerationWeights
  /// The shape of the model.
  public let configuration: DecoderConfiguration
  /// The most sequences that are decoded together.
  public let maxConcurrent: Int

  /// Samples a model whose values may change between calls.
  public convenience init(model: DecoderModel, maxConcurrent: Int = 64) {
    self.init(model.configuration, maxConcurrent) { GenerationWeights(model) }
  }

  /// Samples a model that does nothing else.
  public convenience init(model: GenerationModel, maxConcurrent: Int = 64) {
    self.init(model.configuration, maxConcurrent) { model.weights }
  }

  private init(
    _ configuration: DecoderConfiguration,
    _ maxConcurrent: Int,
    weights: @escaping () -> GenerationWeights
  ) {
    precondition(maxConcurrent >= 1, "maxConcurrent is \(maxConcurrent)")
    self.configuration = configuration
    self.maxConcurrent = maxConcurrent
    self.weights = weights
  }

  /// Draws all samples of all requests.
  ///
  /// - Parameters:
  ///   - requests: Prompts and their groups.
  ///   - options: How tokens are drawn and when sequences end.
  ///   - seed: With a sample's id it fixes every draw.
  ///   - progress: Called with the completions done and wanted whenever one is done.
  /// - Returns: For each request the completions of its samples, in order.
  /// - Throws: `GenerationError`.
  public func generate(
    _ requests: [GenerationRequest],
    options: GenerationOptions,
    seed: UInt64,
    progress: ((Int, Int) -> Void)? = nil
  ) throws(GenerationError) -> [[Completion]] {
    try options.validate()
    try validate(requests, options)
    var run = GenerationRun(self, requests, options, seed: seed, progress: progress)
    try run.finish()
    return run.results
  }

  /// Draws one completion of each prompt; sample ids are 0, 1, 2 ...
  public func generate(
    prompts: [[Int32]],
    options: GenerationOptions,
    seed: UInt64,
    progress: ((Int, Int) -> Void)? = nil
  ) throws(GenerationError) -> [Completion] {
    let requests = prompts.enumerated().map {
      GenerationRequest(prompt: $1, count: 1, firstID: UInt64($0))
    }
    let groups = try generate(requests, options: options, seed: seed, progress: progress)
    return groups.map { $0[0] }
  }

  private func validate(
    _ requests: [GenerationRequest],
    _ options: GenerationOptions
  ) throws(GenerationError) {
    let vocabulary = configuration.vocabSize
    for (number, request) in requests.enumerated() {
      if request.prompt.isEmpty { throw .emptyPrompt(request: number) }
      for tokens in [request.prompt] + request.samples.map(\.prefix) {
        if let token = tokens.first(where: { $0 < 0 || Int($0) >= vocabulary }) {
          throw .tokenOutOfRange(request: number, token: token, vocabSize: vocabulary)
        }
      }
      for (index, sample) in request.samples.enumerated() {
        if sample.prefix.count > options.maxCompletionLength {
          throw .prefixTooLong(
            request: number,
            sample: index,
            length: sample.prefix.count,
            maxCompletionLength: options.maxCompletionLength
          )
        }
        if let end = sample.prefix.dropLast().firstIndex(where: options.eosTokenIDs.contains) {
          throw .endInsidePrefix(request: number, sample: index, position: end)
        }
      }
    }
  }
}
