import Tensors

/// A model's matrices as decoding reads them: packed once for many steps, with projections of the same
/// input in one product.
///
/// A copy of the weights as they are now, adapters merged: it is made for one generation and dropped
/// after it. Only the matrices of one projection are merged at a time.
struct DecodeWeights {
  /// Some projections of one input, their results side by side.
  struct Projection {
    let weights: PackedWeights
    let bias: Buffer?

    init(_ parts: [Linear], _ backend: any Backend) {
      weights = backend.pack(parts.map { $0.merged(backend) }, input: parts[0].inputs)
      guard parts.contains(where: { $0.bias != nil }) else {
        bias = nil
        return
      }
      let joined = Buffer(backend.makeStorage(count: weights.output))
      var start = 0
      for part in parts {
        let target = joined.slice(start, count: part.outputs)
        if let bias = part.bias {
          backend.copy(bias.value.buffer, to: target)
        } else {
          backend.fill(target, with: 0)
        }
        start += part.outputs
      }
      bias = joined
    }
  }

  struct Layer {
    /// Queries, keys and values.
    let qkv: Projection
    let output: Projection
    let gateUp: Projection
    let down: Projection
  }

  let layers: [Layer]
  let head: PackedWeights

  init(_ model: DecoderModel) {
    let backend = model.backend
    layers = model.blocks.map { block in
      let attention = block.attention
      return Layer(
        qkv: Projection([attention.query, attention.key, attention.value], backend),
        output: Projection([attention.output], backend),
        gateUp: Projection([block.mlp.gate, block.mlp.up], backend),
        down: Projection([block.mlp.down], backend)
      )
    }
    head = backend.pack([model.head.value.buffer], input: model.configuration.hiddenSize)
  }
}
