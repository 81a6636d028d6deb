public import Tensors

extension DecoderModel {
  /// Creates a model with random weights, as transformers initialises one.
  ///
  /// Matrices are normal(0, `initializerRange`) and the embedding's row of the padding token is
  /// zero; biases are zero, norms one. The values depend on the seed alone: parameter i draws from
  /// stream i of a Philox generator.
  ///
  /// - Parameter trainable: Whether the model has gradients; the base of an adapter needs none.
  public convenience init(
    configuration: DecoderConfiguration,
    backend: any Backend,
    seed: UInt64,
    trainable: Bool = true
  ) {
    self.init(zeros: configuration, backend: backend, trainable: trainable)
    for (index, parameter) in store.parameters.enumerated() {
      let random = Philox4x32(seed: RandomUse.initialValues.key(seed), stream: UInt64(index))
      if parameter.shape.count > 1 {
        let deviation = Float(configuration.initializerRange)
        let values = (0..<parameter.range.count).map {
          deviation * random.normal(at: UInt64($0))
        }
        backend.write(values, to: parameter.value.buffer)
      } else {
        let isBias = parameter.name.hasSuffix(".bias")
        backend.fill(parameter.value.buffer, with: isBias ? 0 : 1)
      }
    }
    if let pad = configuration.padTokenID, Int(pad) < configuration.vocabSize {
      let width = configuration.hiddenSize
      backend.fill(embedding.value.buffer.slice(Int(pad) * width, count: width), with: 0)
    }
  }
}
