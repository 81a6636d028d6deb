import Tensors

/// The gated feed-forward block: down(silu(gate(x)) * up(x)), [T, C] to [T, C].
struct MLP {
  var gate: Linear
  var up: Linear
  var down: Linear

  init(_ store: ParameterStore, _ prefix: String, _ configuration: DecoderConfiguration) {
    gate = Linear(store, prefix + ".gate_proj", bias: configuration.mlpBias)
    up = Linear(store, prefix + ".up_proj", bias: configuration.mlpBias)
    down = Linear(store, prefix + ".down_proj", bias: configuration.mlpBias)
  }

  func callAsFunction(_ x: Tensor, _ tape: Tape) -> Tensor {
    down(tape.swiGLU(gate: gate(x, tape), up: up(x, tape)), tape)
  }

  static func specs(_ prefix: String, _ configuration: DecoderConfiguration) -> [ParameterSpec] {
    let (inner, hidden) = (configuration.intermediateSize, configuration.hiddenSize)
    let bias = configuration.mlpBias
    return Linear.specs(prefix + ".gate_proj", inner, hidden, bias: bias)
      + Linear.specs(prefix + ".up_proj", inner, hidden, bias: bias)
      + Linear.specs(prefix + ".down_proj", hidden, inner, bias: bias)
  }
}
