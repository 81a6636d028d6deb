public import Foundation
public import Tensors

/// A model that only generates: no gradients, and of each matrix nothing but its packed form.
///
/// At BF16 it takes half of the FP32 weights' memory, where a `DecoderModel` that generates takes one
/// and a half times as much as they.
public final class GenerationModel {
  /// The shape of the model.
  public let configuration: DecoderConfiguration
  /// What computes.
  public let backend: any Backend
  /// The end-of-sequence set and sampling defaults that belong to the checkpoint.
  public let generation: GenerationConfiguration
  let weights: GenerationWeights

  /// Loads a Hugging Face model directory, as `DecoderModel` does.
  ///
  /// The model's completions have the bits of those that a `DecoderModel` of the same directory gives.
  ///
  /// - Parameters:
  ///   - adapter: Is merged into the weights while they are packed.
  ///   - progress: Is told after each parameter how far it is.
  /// - Throws: `ModelConfigurationError`, `CheckpointError`, `AdapterError` or `SafetensorsError`.
  public init(
    directory: URL,
    backend: any Backend,
    adapter: AdapterDirectory? = nil,
    progress: ((LoadingProgress) -> Void)? = nil
  ) throws {
    let checkpoint = try Checkpoint(directory: directory)
    configuration = checkpoint.configuration
    generation = checkpoint.generation
    self.backend = backend
    let adapter = try adapter?.load(for: configuration, backend: backend, trainable: false)
    let report = checkpoint.files.reporter(
      of: DecoderModel.parameterSpecs(configuration).map(\.name),
      progress
    )
    weights = try GenerationWeights(
      configuration,
      backend: backend,
      // Packing rounds to BF16 where the backend multiplies so, and embeddings are not rounded.
      packsEmbedding: backend.precision == .fp32
        || checkpoint.files.dtype(of: ParameterName.embedding) == .bf16
    ) { name in
      let values = try checkpoint.files.load(name, on: backend)
      report(name)
      adapter?.update(ofParameter: name)?.add(to: values, backend: backend)
      return values
    }
  }
}
