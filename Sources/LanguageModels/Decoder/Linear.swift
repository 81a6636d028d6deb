import Tensors

/// A projection: y [T, N] = x [T, K] weight' [K, N] + bias [N].
struct Linear {
  /// [N, K], as Hugging Face stores it.
  let weight: Parameter
  let bias: Parameter?
  /// What an adapter adds to the weight; `nil` without one.
  var update: LowRankUpdate?

  /// N.
  var outputs: Int { weight.shape[0] }
  /// K.
  var inputs: Int { weight.shape[1] }

  init(_ store: ParameterStore, _ prefix: String, bias: Bool) {
    weight = store[prefix + ".weight"]
    self.bias = bias ? store[prefix + ".bias"] : nil
  }

  func callAsFunction(_ x: Tensor, _ tape: Tape) -> Tensor {
    guard let update else { return tape.linear(x, weight, bias: bias) }
    return tape.linear(x, weight, bias: bias, update: update)
  }

  /// The weight with its update; the weight's own values where there is none.
  func merged(_ backend: any Backend) -> Buffer {
    update?.added(to: weight.value.buffer, backend: backend) ?? weight.value.buffer
  }

  static func specs(_ prefix: String, _ outputs: Int, _ inputs: Int, bias: Bool) -> [ParameterSpec]
  {
    let weight = ParameterSpec(name: prefix + ".weight", shape: [outputs, inputs])
    return bias ? [weight, ParameterSpec(name: prefix + ".bias", shape: [outputs])] : [weight]
  }
}
