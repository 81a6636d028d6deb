import Tensors

/// One step of batched decoding: B new tokens in, their B hidden states out.
///
/// All activations live in buffers that are made once for the largest batch; a step makes none.
/// Shapes: B rows, C hidden, H query and G key-value heads of size D, I intermediate, V vocabulary.
struct DecodeStep {
  private let model: DecoderModel
  private let backend: any Backend
  private let weights: DecodeWeights
  private let shape: AttentionShape
  private let x: Buffer  // [B, C], the residual stream
  private let normed: Buffer  // [B, C]
  private let projected: Buffer  // [B, C], what a block adds to x
  private let qkv: Buffer  // [B, (H + 2 G) * D]
  private let mixed: Buffer  // [B, H*D]
  private let gateUp: Buffer  // [B, 2 I]
  private let inner: Buffer  // [B, I]
  /// The states that predict the next tokens, [B, C].
  let hidden: Buffer
  private let logits: Buffer  // [B, V]

  /// Packs the model's weights, and makes the buffers for up to `rows` sequences at a time.
  init(_ model: DecoderModel, rows: Int) {
    let configuration = model.configuration
    let backend = model.backend
    func buffer(_ width: Int) -> Buffer { Buffer(backend.makeStorage(count: rows * width)) }
    self.model = model
    self.backend = backend
    weights = DecodeWeights(model)
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
    qkv = buffer(configuration.queryWidth + 2 * configuration.keyValueWidth)
    mixed = buffer(configuration.queryWidth)
    gateUp = buffer(2 * configuration.intermediateSize)
    inner = buffer(configuration.intermediateSize)
    logits = buffer(configuration.vocabSize)
  }

  /// Puts one token of each sequence through the model, into `hidden`.
  ///
  /// - Parameters:
  ///   - tokens: The B tokens.
  ///   - rows: What each attends to, itself included; the keys and values of the new tokens are added.
  ///   - table: Covers the rows' positions.
  func run(tokens: [Int32], rows: DecodeTable, table: RotaryTable) {
    let width = model.configuration.hiddenSize
    let x = first(tokens.count, of: x, width)
    backend.gatherRows(model.embedding.value.buffer, rows: tokens, width: width, into: x)
    run(layers: model.blocks.indices, rows: rows, table: table, into: hidden)
  }

  /// Puts last tokens of prompts through the last layer; their keys and values there are written again.
  ///
  /// - Parameter x: The residual stream that enters it, [B, C].
  /// - Returns: The states that predict the next tokens, [B, C].
  func finish(_ x: Tensor, rows: DecodeTable, table: RotaryTable) -> Tensor {
    backend.copy(x.buffer, to: self.x.slice(0, count: x.count))
    let last = model.blocks.count - 1
    // Not into `hidden`, where sequences under way have their states.
    let result = Tensor(shape: x.shape, backend: backend)
    run(layers: last..<last + 1, rows: rows, table: table, into: result.buffer)
    return result
  }

  private func run(layers: Range<Int>, rows: DecodeTable, table: RotaryTable, into hidden: Buffer) {
    let (count, width) = (rows.rows.count, model.configuration.hiddenSize)
    let x = first(count, of: x, width)
    let normed = first(count, of: normed, width)
    let projected = first(count, of: projected, width)
    let qkv = first(count, of: qkv, weights.layers[0].qkv.weights.output)
    let mixed = first(count, of: mixed, weights.layers[0].output.weights.input)
    let gateUp = first(count, of: gateUp, weights.layers[0].gateUp.weights.output)
    let inner = first(count, of: inner, weights.layers[0].down.weights.input)
    let firstBlock = model.blocks[layers.lowerBound]
    backend.rmsNorm(
      x: x,
      weight: firstBlock.attentionNorm.value.buffer,
      eps: firstBlock.eps,
      into: normed,
      inverse: nil
    )
    for layer in layers {
      let (block, weights) = (model.blocks[layer], weights.layers[layer])
      project(normed, weights.qkv, into: qkv)
      backend.prepareDecodeAttention(
        qkv: qkv,
        rows: rows,
        layer: layer,
        shape: shape,
        norms: block.attention.headNorms,
        table: table
      )
      backend.decodeAttention(
        q: qkv,
        stride: weights.qkv.weights.output,
        into: mixed,
        rows: rows,
        layer: layer,
        shape: shape
      )
      project(mixed, weights.output, into: projected)
      add(projected, to: x, norm: block.mlpNorm, into: normed)
      project(normed, weights.gateUp, into: gateUp)
      backend.swiGLURows(gateUp, width: weights.down.weights.input, into: inner)
      project(inner, weights.down, into: projected)
      if layer + 1 < model.blocks.count {
        add(projected, to: x, norm: model.blocks[layer + 1].attentionNorm, into: normed)
      } else {
        add(projected, to: x, norm: model.norm, into: first(count, of: hidden, width))
      }
    }
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
      packed: weights.head,
      bias: nil,
      into: logits
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

  private func add(_ part: Buffer, to x: Buffer, norm: Parameter, into normed: Buffer) {
    backend.addRMSNorm(
      x: x,
      adding: part,
      weight: norm.value.buffer,
      eps: model.blocks[0].eps,
      into: normed
    )
  }

  private func project(_ x: Buffer, _ projection: DecodeWeights.Projection, into y: Buffer) {
    backend.linear(x: x, packed: projection.weights, bias: projection.bias, into: y)
  }

  private func first(_ rows: Int, of buffer: Buffer, _ width: Int) -> Buffer {
    buffer.slice(0, count: rows * width)
  }
}
