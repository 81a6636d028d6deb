import Tensors

/// The forward pass of generation: one new token of each of B sequences, or whole prompts.
///
/// A step's activations live in buffers that are made once for the largest batch; a step makes none.
/// Shapes: B rows, C hidden, H query and G key-value heads of size D, I intermediate, V vocabulary.
struct DecodeStep {
  /// The activations of one pass.
  private struct Space {
    let x: Buffer  // [B, C], the residual stream
    let normed: Buffer  // [B, C]
    let projected: Buffer  // [B, C], what a block adds to x
    let qkv: Buffer  // [B, (H + 2 G) * D]
    let mixed: Buffer  // [B, H*D]
    let gateUp: Buffer  // [B, 2 I]
    let inner: Buffer  // [B, I]

    /// - Parameter buffer: Makes, or cuts to size, B rows of a width.
    init(_ configuration: DecoderConfiguration, buffer: (KeyPath<Space, Buffer>, Int) -> Buffer) {
      x = buffer(\.x, configuration.hiddenSize)
      normed = buffer(\.normed, configuration.hiddenSize)
      projected = buffer(\.projected, configuration.hiddenSize)
      qkv = buffer(\.qkv, configuration.queryWidth + 2 * configuration.keyValueWidth)
      mixed = buffer(\.mixed, configuration.queryWidth)
      gateUp = buffer(\.gateUp, 2 * configuration.intermediateSize)
      inner = buffer(\.inner, configuration.intermediateSize)
    }
  }

  private let weights: GenerationWeights
  private let backend: any Backend
  private let shape: AttentionShape
  private let space: Space
  /// The states that predict the next tokens, [B, C].
  let hidden: Buffer
  private let logits: Buffer  // [B, V]

  /// Makes the buffers for up to `rows` sequences at a time.
  init(_ weights: GenerationWeights, rows: Int) {
    let (configuration, backend) = (weights.configuration, weights.backend)
    self.weights = weights
    self.backend = backend
    shape = AttentionShape(
      heads: configuration.headCount,
      kvHeads: configuration.kvHeadCount,
      headDim: configuration.headDim,
      scale: Attention.scale(headDim: configuration.headDim)
    )
    space = Self.makeSpace(weights, rows: rows)
    hidden = Buffer(backend.makeStorage(count: rows * configuration.hiddenSize))
    logits = Buffer(backend.makeStorage(count: rows * configuration.vocabSize))
  }

  private static func makeSpace(_ weights: GenerationWeights, rows: Int) -> Space {
    Space(weights.configuration) { _, width in
      Buffer(weights.backend.makeStorage(count: rows * width))
    }
  }

  /// The activations of the first rows.
  private func first(_ rows: Int) -> Space {
    Space(weights.configuration) { space[keyPath: $0].slice(0, count: rows * $1) }
  }

  // MARK: Passes

  /// Puts one token of each sequence through the model, into `hidden`.
  ///
  /// - Parameters:
  ///   - tokens: The B tokens.
  ///   - rows: What each attends to, itself included; the keys and values of the new tokens are added.
  ///   - table: Covers the rows' positions.
  func run(tokens: [Int32], rows: DecodeTable, table: RotaryTable) {
    let space = first(tokens.count)
    weights.embed(tokens, into: space.x)
    run(weights.layers.indices, space, rows, table, into: hidden, attention: attentionToCache(rows))
  }

  /// Puts prompts through the model: their keys and values go to the cache, and what predicts the first
  /// token of their completions is returned.
  ///
  /// Of the last layer, only the last token of each prompt goes through more than keys and values.
  ///
  /// - Parameters:
  ///   - batch: The prompts.
  ///   - blocks: Empty blocks of the prompts.
  ///   - table: Covers the prompts' positions.
  /// - Returns: One state for each prompt, [prompts, C].
  func prefill(_ batch: PackedBatch, blocks: [KeyValueBlock], table: RotaryTable) -> Buffer {
    var rows: [DecodeRow] = []
    var ends: [DecodeRow] = []
    for (index, block) in blocks.enumerated() {
      let count = batch.range(of: index).count
      rows += (1...count).map { DecodeRow(own: block, ownCount: $0) }
      ends.append(rows[rows.count - 1])
    }
    let tokens = DecodeTable(rows: rows, positions: batch.positions)
    let segments = AttentionSegments(starts: batch.segments, prefixes: batch.prefixes)
    let space = Self.makeSpace(weights, rows: rows.count)
    weights.embed(batch.tokens, into: space.x)
    let last = weights.layers.count - 1
    run(0..<last, space, tokens, table, into: space.normed) { qkv, mixed, _ in
      backend.attention(qkv: qkv, into: mixed, segments: segments, shape: shape)
    }
    prepare(last, space, tokens, table)

    let width = weights.configuration.hiddenSize
    let endSpace = Self.makeSpace(weights, rows: ends.count)
    backend.gatherRows(
      space.x,
      rows: ends.indices.map { Int32(batch.range(of: $0).upperBound - 1) },
      width: width,
      into: endSpace.x
    )
    let endRows = DecodeTable(rows: ends, positions: ends.map { Int32($0.ownCount - 1) })
    let result = Buffer(backend.makeStorage(count: ends.count * width))
    run(
      last..<last + 1,
      endSpace,
      endRows,
      table,
      into: result,
      attention: attentionToCache(endRows)
    )
    return result
  }

  /// Copies one hidden state [1, C] into row `row` of `hidden`.
  func setHidden(_ state: Buffer, row: Int) {
    backend.copy(state, to: hidden.slice(row * state.count, count: state.count))
  }

  /// Draws one token from each of the first `uniforms.count` rows of `hidden`.
  func sample(
    options: [SamplingOptions],
    uniforms: [Float],
    seen: [[Int32]]?
  ) -> [SampledToken] {
    let vocabulary = weights.configuration.vocabSize
    let count = uniforms.count
    let logits = logits.slice(0, count: count * vocabulary)
    backend.linear(
      x: hidden.slice(0, count: count * weights.configuration.hiddenSize),
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

  // MARK: Parts

  /// Queries, keys and values of a layer in; the values that they mix out.
  private typealias Mixing = (_ qkv: Buffer, _ mixed: Buffer, _ layer: Int) -> Void

  private func attentionToCache(_ rows: DecodeTable) -> Mixing {
    { qkv, mixed, layer in
      backend.decodeAttention(
        q: qkv,
        stride: weights.layers[layer].qkv.weights.output,
        into: mixed,
        rows: rows,
        layer: layer,
        shape: shape
      )
    }
  }

  /// Puts the residual stream through some layers; `hidden` has its norm after the last layer of all.
  private func run(
    _ layers: Range<Int>,
    _ space: Space,
    _ rows: DecodeTable,
    _ table: RotaryTable,
    into hidden: Buffer,
    attention: Mixing
  ) {
    backend.rmsNorm(
      x: space.x,
      weight: weights.layers[layers.lowerBound].attentionNorm,
      eps: weights.eps,
      into: space.normed,
      inverse: nil
    )
    for index in layers {
      let layer = weights.layers[index]
      prepare(index, space, rows, table)
      attention(space.qkv, space.mixed, index)
      project(space.mixed, layer.output, into: space.projected)
      add(space.projected, to: space.x, norm: layer.mlpNorm, into: space.normed)
      project(space.normed, layer.gateUp, into: space.gateUp)
      backend.swiGLURows(
        space.gateUp,
        width: weights.configuration.intermediateSize,
        into: space.inner
      )
      project(space.inner, layer.down, into: space.projected)
      if index + 1 < weights.layers.count {
        let norm = weights.layers[index + 1].attentionNorm
        add(space.projected, to: space.x, norm: norm, into: space.normed)
      } else {
        let rows = hidden.slice(0, count: space.x.count)
        add(space.projected, to: space.x, norm: weights.norm, into: rows)
      }
    }
  }

  /// Queries, keys and values of a layer's normed input; the latter two go to the cache as well.
  private func prepare(
    _ layer: Int,
    _ space: Space,
    _ rows: DecodeTable,
    _ table: RotaryTable
  ) {
    project(space.normed, weights.layers[layer].qkv, into: space.qkv)
    backend.prepareDecodeAttention(
      qkv: space.qkv,
      rows: rows,
      layer: layer,
      shape: shape,
      norms: weights.layers[layer].headNorms,
      table: table
    )
  }

  private func add(_ part: Buffer, to x: Buffer, norm: Buffer, into normed: Buffer) {
    backend.addRMSNorm(x: x, adding: part, weight: norm, eps: weights.eps, into: normed)
  }

  private func project(_ x: Buffer, _ projection: GenerationWeights.Projection, into y: Buffer) {
    backend.linear(x: x, packed: projection.weights, bias: projection.bias, into: y)
  }
}
