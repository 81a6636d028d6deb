import Tensors

/// Causal grouped-query attention with rotary positions: [T, C] to [T, C].
///
/// Shapes: T tokens, C hidden, H query heads, G key-value heads, D head size.
struct Attention {
  var query: Linear
  var key: Linear
  var value: Linear
  var output: Linear
  /// RMSNorm over D on each head before the rotation; Qwen3 only.
  let queryNorm: Parameter?
  let keyNorm: Parameter?
  let heads: Int
  let kvHeads: Int
  let headDim: Int
  let eps: Float

  init(_ store: ParameterStore, _ prefix: String, _ configuration: DecoderConfiguration) {
    let qkvBias = configuration.hasQKVBias
    query = Linear(store, prefix + ".q_proj", bias: qkvBias)
    key = Linear(store, prefix + ".k_proj", bias: qkvBias)
    value = Linear(store, prefix + ".v_proj", bias: qkvBias)
    output = Linear(store, prefix + ".o_proj", bias: configuration.hasOutputBias)
    queryNorm = configuration.hasQKNorm ? store[prefix + ".q_norm.weight"] : nil
    keyNorm = configuration.hasQKNorm ? store[prefix + ".k_norm.weight"] : nil
    heads = configuration.headCount
    kvHeads = configuration.kvHeadCount
    headDim = configuration.headDim
    eps = Float(configuration.rmsNormEps)
  }

  /// The dot products are divided by the square root of D.
  static func scale(headDim: Int) -> Float { 1 / Float(headDim).squareRoot() }

  func callAsFunction(
    _ x: Tensor,
    _ batch: PackedBatch,
    _ rotary: RotaryTable,
    _ tape: Tape
  ) -> Tensor {
    var q = query(x, tape)  // [T, H*D]
    if let queryNorm { q = tape.rmsNorm(q, queryNorm, eps: eps) }
    q = tape.rope(q, heads: heads, headDim: headDim, positions: batch.positions, table: rotary)
    var k = key(x, tape)  // [T, G*D]
    if let keyNorm { k = tape.rmsNorm(k, keyNorm, eps: eps) }
    k = tape.rope(k, heads: kvHeads, headDim: headDim, positions: batch.positions, table: rotary)
    let mixed = tape.attention(
      q: q,
      k: k,
      v: value(x, tape),
      heads: heads,
      kvHeads: kvHeads,
      headDim: headDim,
      segments: AttentionSegments(starts: batch.segments, prefixes: batch.prefixes),
      scale: Self.scale(headDim: headDim)
    )
    return output(mixed, tape)
  }

  static func specs(_ prefix: String, _ configuration: DecoderConfiguration) -> [ParameterSpec] {
    let hidden = configuration.hiddenSize
    let queries = configuration.queryWidth
    let keys = configuration.keyValueWidth
    let bias = configuration.hasQKVBias
    var specs = Linear.specs(prefix + ".q_proj", queries, hidden, bias: bias)
    specs += Linear.specs(prefix + ".k_proj", keys, hidden, bias: bias)
    specs += Linear.specs(prefix + ".v_proj", keys, hidden, bias: bias)
    specs += Linear.specs(
      prefix + ".o_proj",
      hidden,
      queries,
      bias: configuration.hasOutputBias
    )
    if configuration.hasQKNorm {
      specs.append(ParameterSpec(name: prefix + ".q_norm.weight", shape: [configuration.headDim]))
      specs.append(ParameterSpec(name: prefix + ".k_norm.weight", shape: [configuration.headDim]))
    }
    return specs
  }
}
