import Tensors

/// One layer: attention and MLP, each behind its norm and added to the residual stream.
struct DecoderBlock {
  let attentionNorm: Parameter
  var attention: Attention
  let mlpNorm: Parameter
  var mlp: MLP
  let eps: Float

  init(_ store: ParameterStore, _ prefix: String, _ configuration: DecoderConfiguration) {
    attentionNorm = store[prefix + ".input_layernorm.weight"]
    attention = Attention(store, prefix + ".self_attn", configuration)
    mlpNorm = store[prefix + ".post_attention_layernorm.weight"]
    mlp = MLP(store, prefix + ".mlp", configuration)
    eps = Float(configuration.rmsNormEps)
  }

  func callAsFunction(
    _ x: Tensor,
    _ batch: PackedBatch,
    _ rotary: RotaryTable,
    _ tape: Tape
  ) -> Tensor {
    let normed = tape.rmsNorm(x, attentionNorm, eps: eps)
    let mixed = attention(normed, batch, rotary, tape)
    let middle = tape.add(x, mixed)
    return tape.add(middle, mlp(tape.rmsNorm(middle, mlpNorm, eps: eps), tape))
  }

  static func specs(_ prefix: String, _ configuration: DecoderConfiguration) -> [ParameterSpec] {
    let hidden = configuration.hiddenSize
    return Attention.specs(prefix + ".self_attn", configuration)
      + MLP.specs(prefix + ".mlp", configuration)
      + [
        ParameterSpec(name: prefix + ".input_layernorm.weight", shape: [hidden]),
        ParameterSpec(name: prefix + ".post_attention_layernorm.weight", shape: [hidden]),
      ]
  }
}
