import Tensors

/// One step of batched decoding: B new tokens in, their B hidden states out.
///
/// All activations live in buffers that are made once for the largest batch; a step makes none.
/// Shapes: B rows, C hidden, H query and G key-value heads of size D, I intermediate, V vocabulary.
struct DecodeStep {
  private let model: DecoderModel
  private let backend: any Backend
  private let shape: AttentionShape
  private let x: Buffer  // [B, C], the residual stream
  private let normed: Buffer  // [B, C]
  private let projected: Buffer  // [B, C], what a block adds to x
  private let query: Buffer  // [B, H*D]
  private let key: Buffer  // [B, G*D]
  private let normedQuery: Buffer  // [B, H*D], with QK norm only
  private let normedKey: Buffer  // [B, G*D], with QK norm only
  private let value: Buffer  // [B, G*D]
  private let mixed: Buffer  // [B, H*D]
  private let gate: Buffer  // [B, I]
  private let up: Buffer  // [B, I]
  private let inner: Buffer  // [B, I]
  /// The states that predict the next tokens, [B, C].
  let hidden: Buffer
  private let logits: Buffer  // [B, V]

  /// Makes the buffers for up to `rows` sequences at a time.
  init(_ model: DecoderModel, rows: Int) {
    let configuration = model.configuration
    let backend = model.backend
    func buffer(_ width: Int) -> Buffer { Buffer(backend.makeStorage(count: rows * width)) }
    self.model = model
    self.backend = backend
    shape = AttentionShape(
      heads: configuration.headCount,
      kvHeads: configuration.kvHeadCount,
      headDim: configuration.headDim,
      scale: model.blocks[0].attention.scale
    )
    x = buffer(configuration.hiddenSize)
    normed = buffer(configuration.hiddenSize)
    projected = buffer(configuration.hiddenSize)
    hidden = buffer(configuration.hiddenSize)
    query = buffer(configuration.queryWidth)
    mixed = buffer(configuration.queryWidth)
    key = buffer(configuration.keyValueWidth)
    normedQuery = buffer(configuration.hasQKNorm ? configuration.queryWidth : 0)
    normedKey = buffer(configuration.hasQKNorm ? configuration.keyValueWidth : 0)
    value = buffer(configuration.keyValueWidth)
    gate = buffer(configuration.intermediateSize)
    up = buffer(configuration.intermediateSize)
    inner = buffer(configuration.intermediateSize)
    logits = buffer(configuration.vocabSize)
  }

  /// Puts one token of each sequence through the model, into `hidden`.
  ///
  /// - Parameters:
  ///   - tokens: The B tokens.
  ///   - positions: Their positions, prompt included.
  ///   - destinations: Where their keys and values go.
  ///   - rows: What each attends to, itself included.
  ///   - table: Covers the positions.
  func run(
    tokens: [Int32],
    positions: [Int32],
    destinations: [KeyValueDestination],
    rows: [DecodeRow],
    table: RotaryTable
  ) {
    let width = model.configuration.hiddenSize
    let x = first(tokens.count, of: x, width)
    backend.gatherRows(model.embedding.value.buffer, rows: tokens, width: width, into: x)
    let normed = first(tokens.count, of: normed, width)
    for (layer, block) in model.blocks.enumerated() {
      norm(x, block.attentionNorm, block.eps, into: normed)
      let mixed = attend(
        block.attention,
        normed,
        positions: positions,
        destinations: destinations,
        rows: rows,
        layer: layer,
        table: table
      )
      let projected = first(tokens.count, of: projected, width)
      project(mixed, block.attention.output, into: projected)
      backend.add(x, projected, scale: 1, into: x)
      norm(x, block.mlpNorm, block.eps, into: normed)
      feedForward(block.mlp, normed, rows: tokens.count, into: projected)
      backend.add(x, projected, scale: 1, into: x)
    }
    norm(x, model.norm, model.blocks[0].eps, into: first(tokens.count, of: hidden, width))
  }

  /// Copies one hidden state [1, C] into row `row` of `hidden`.
  func setHidden(_ state: Buffer, row: Int) {
    let width = model.configuration.hiddenSize
    backend.copy(state, to: hidden.slice(row * width, count: width))
  }

  /// Draws one token from each of the first `uniforms.count` rows of `hidden`.
  func sample(
    options: [SamplingOptions],
    uniforms: [Float],
    seen: [[Int32]]?
  ) -> [SampledToken] {
    let (width, vocabulary) = (model.configuration.hiddenSize, model.configuration.vocabSize)
    let count = uniforms.count
    let logits = first(count, of: logits, vocabulary)
    backend.linear(
      x: first(count, of: hidden, width),
      weight: model.head.value.buffer,
      bias: nil,
      into: logits,
      shape: LinearShape(rows: count, input: width, output: vocabulary)
    )
    return backend.sample(
      logits: logits,
      vocabulary: vocabulary,
      options: options,
      uniforms: uniforms,
      seen: seen
    )
  }

  // MARK: Parts of a layer

  private func attend(
    _ attention: Attention,
    _ input: Buffer,
    positions: [Int32],
    destinations: [KeyValueDestination],
    rows: [DecodeRow],
    layer: Int,
    table: RotaryTable
  ) -> Buffer {
    let count = rows.count
    var q = first(count, of: query, attention.query.outputs)
    var k = first(count, of: key, attention.key.outputs)
    let v = first(count, of: value, attention.value.outputs)
    let mixed = first(count, of: mixed, attention.query.outputs)
    project(input, attention.query, into: q)
    project(input, attention.key, into: k)
    project(input, attention.value, into: v)
    if let queryNorm = attention.queryNorm, let keyNorm = attention.keyNorm {
      let normedQuery = first(count, of: normedQuery, attention.query.outputs)
      let normedKey = first(count, of: normedKey, attention.key.outputs)
      norm(q, queryNorm, attention.eps, into: normedQuery)
      norm(k, keyNorm, attention.eps, into: normedKey)
      (q, k) = (normedQuery, normedKey)
    }
    backend.rope(
      x: q,
      into: q,
      positions: positions,
      table: table,
      heads: shape.heads,
      inverse: false
    )
    backend.rope(
      x: k,
      into: k,
      positions: positions,
      table: table,
      heads: shape.kvHeads,
      inverse: false
    )
    backend.appendKeyValues(keys: k, values: v, to: destinations, layer: layer)
    backend.decodeAttention(q: q, into: mixed, rows: rows, layer: layer, shape: shape)
    return mixed
  }

  private func feedForward(_ mlp: MLP, _ input: Buffer, rows: Int, into output: Buffer) {
    let gate = first(rows, of: gate, mlp.gate.outputs)
    let up = first(rows, of: up, mlp.up.outputs)
    let inner = first(rows, of: inner, mlp.gate.outputs)
    project(input, mlp.gate, into: gate)
    project(input, mlp.up, into: up)
    backend.swiGLU(gate: gate, up: up, into: inner)
    project(inner, mlp.down, into: output)
  }

  private func norm(_ x: Buffer, _ weight: Parameter, _ eps: Float, into y: Buffer) {
    backend.rmsNorm(x: x, weight: weight.value.buffer, eps: eps, into: y, inverse: nil)
  }

  private func project(_ x: Buffer, _ linear: Linear, into y: Buffer) {
    let rows = y.count / linear.outputs
    backend.linear(
      x: x,
      weight: linear.weight.value.buffer,
      bias: linear.bias?.value.buffer,
      into: y,
      shape: LinearShape(rows: rows, input: linear.inputs, output: linear.outputs)
    )
  }

  private func first(_ rows: Int, of buffer: Buffer, _ width: Int) -> Buffer {
    buffer.slice(0, count: rows * width)
  }
}
