import Tensors

extension TimedBackend {
  /// x, w and y, or their gradients, read or written once.
  private func traffic(_ shape: LinearShape) -> Double {
    bytes(shape.rows * shape.input, shape.output * shape.input, shape.rows * shape.output)
  }

  private func operations(_ shape: LinearShape) -> Double {
    2 * Double(shape.rows) * Double(shape.input) * Double(shape.output)
  }

  func linear(x: Buffer, weight: Buffer, bias: Buffer?, into y: Buffer, shape: LinearShape) {
    ledger.time(.gemmForward, operations: operations(shape), bytes: traffic(shape)) {
      inner.linear(x: x, weight: weight, bias: bias, into: y, shape: shape)
    }
  }

  func addLinear(x: Buffer, weight: Buffer, to y: Buffer, shape: LinearShape) {
    ledger.time(.gemmForward, operations: operations(shape), bytes: traffic(shape)) {
      inner.addLinear(x: x, weight: weight, to: y, shape: shape)
    }
  }

  func linearInputGradient(
    dy: Buffer,
    weight: Buffer,
    into dx: Buffer,
    shape: LinearShape,
    accumulate: Bool
  ) {
    ledger.time(.gemmInput, operations: operations(shape), bytes: traffic(shape)) {
      inner.linearInputGradient(
        dy: dy,
        weight: weight,
        into: dx,
        shape: shape,
        accumulate: accumulate
      )
    }
  }

  func linearWeightGradient(dy: Buffer, x: Buffer, into dw: Buffer, shape: LinearShape) {
    ledger.time(.gemmWeight, operations: operations(shape), bytes: traffic(shape)) {
      inner.linearWeightGradient(dy: dy, x: x, into: dw, shape: shape)
    }
  }

  func pack(_ weights: [Buffer], input: Int) -> PackedWeights {
    let count = Double(weights.reduce(0) { $0 + $1.count })
    return ledger.time(.packing, bytes: count * (4 + compactBytes)) {
      inner.pack(weights, input: input)
    }
  }

  func gatherRows(of packed: PackedWeights, rows: [Int32], into out: Buffer) {
    ledger.time(.rows, bytes: Double(out.count) * (4 + compactBytes)) {
      inner.gatherRows(of: packed, rows: rows, into: out)
    }
  }

  func linear(x: Buffer, packed: PackedWeights, bias: Buffer?, into y: Buffer) {
    let weights = Double(packed.output) * Double(packed.input)
    ledger.time(
      .gemmPacked,
      operations: 2 * Double(x.count) * Double(packed.output),
      bytes: bytes(x.count, y.count) + weights * compactBytes
    ) {
      inner.linear(x: x, packed: packed, bias: bias, into: y)
    }
  }

  func addColumnSums(of x: Buffer, into out: Buffer, width: Int) {
    ledger.time(.elementwise, operations: Double(x.count), bytes: bytes(x.count)) {
      inner.addColumnSums(of: x, into: out, width: width)
    }
  }

  // MARK: Attention

  /// Pairs of a position and one that it attends to, over all segments: those before it, and the segment's prefix.
  private func pairs(_ segments: AttentionSegments) -> Double {
    func length(_ segment: Int) -> Double {
      Double(segments.starts[segment + 1] - segments.starts[segment])
    }
    return (0..<segments.count).reduce(0) { sum, segment in
      let own = length(segment)
      let prefix = Int(segments.prefixes[segment])
      return sum + own * (own + 1) / 2 + (prefix < 0 ? 0 : own * length(prefix))
    }
  }

  func attention(
    q: Buffer,
    k: Buffer,
    v: Buffer,
    into out: Buffer,
    lse: Buffer?,
    segments: AttentionSegments,
    shape: AttentionShape
  ) {
    ledger.time(
      .attention,
      operations: 4 * pairs(segments) * Double(shape.heads * shape.headDim),
      bytes: bytes(q.count, k.count, v.count, out.count)
    ) {
      inner.attention(
        q: q,
        k: k,
        v: v,
        into: out,
        lse: lse,
        segments: segments,
        shape: shape
      )
    }
  }

  func attention(
    qkv: Buffer,
    into out: Buffer,
    segments: AttentionSegments,
    shape: AttentionShape
  ) {
    ledger.time(
      .attention,
      operations: 4 * pairs(segments) * Double(shape.heads * shape.headDim),
      bytes: bytes(qkv.count, out.count)
    ) {
      inner.attention(qkv: qkv, into: out, segments: segments, shape: shape)
    }
  }

  func attentionBackward(
    q: Buffer,
    k: Buffer,
    v: Buffer,
    out: Buffer,
    lse: Buffer,
    dOut: Buffer,
    dq: Buffer,
    dk: Buffer,
    dv: Buffer,
    segments: AttentionSegments,
    shape: AttentionShape
  ) {
    // Five products of the forward's size: the scores again, and the gradients of p, v, q and k.
    ledger.time(
      .attentionBackward,
      operations: 10 * pairs(segments) * Double(shape.heads * shape.headDim),
      bytes: bytes(2 * q.count, 2 * k.count, 2 * v.count, out.count, dOut.count)
    ) {
      inner.attentionBackward(
        q: q,
        k: k,
        v: v,
        out: out,
        lse: lse,
        dOut: dOut,
        dq: dq,
        dk: dk,
        dv: dv,
        segments: segments,
        shape: shape
      )
    }
  }

  // MARK: Loss

  func logProbs(
    logits: Buffer,
    targets: [Int32],
    inverseTemperature: Float,
    lse: Buffer,
    into out: Buffer,
    entropy: Buffer?
  ) -> [Bool] {
    ledger.time(
      .crossEntropy,
      operations: 12 * Double(logits.count),
      bytes: bytes(logits.count)
    ) {
      inner.logProbs(
        logits: logits,
        targets: targets,
        inverseTemperature: inverseTemperature,
        lse: lse,
        into: out,
        entropy: entropy
      )
    }
  }

  func logProbsBackward(
    logits: Buffer,
    targets: [Int32],
    inverseTemperature: Float,
    lse: Buffer,
    dy: Buffer
  ) {
    ledger.time(
      .crossEntropy,
      operations: 12 * Double(logits.count),
      bytes: bytes(2 * logits.count)
    ) {
      inner.logProbsBackward(
        logits: logits,
        targets: targets,
        inverseTemperature: inverseTemperature,
        lse: lse,
        dy: dy
      )
    }
  }

  // MARK: Decoding

  func prepareDecodeAttention(
    qkv: Buffer,
    rows: DecodeTable,
    layer: Int,
    shape: AttentionShape,
    norms: HeadNorms?,
    table: RotaryTable
  ) {
    ledger.time(.cache, operations: 3 * Double(qkv.count), bytes: bytes(2 * qkv.count)) {
      inner.prepareDecodeAttention(
        qkv: qkv,
        rows: rows,
        layer: layer,
        shape: shape,
        norms: norms,
        table: table
      )
    }
  }

  func decodeAttention(
    q: Buffer,
    stride: Int,
    into out: Buffer,
    rows: DecodeTable,
    layer: Int,
    shape: AttentionShape
  ) {
    var (read, attended) = (0, 0)
    var last: KeyValueBlock?
    for row in rows.rows {
      attended += row.prefixCount + row.ownCount
      // Neighbours with one prefix read it once.
      read += row.ownCount + (row.prefix === last ? 0 : row.prefixCount)
      last = row.prefix
    }
    ledger.time(
      .decodeAttention,
      operations: 4 * Double(attended) * Double(shape.heads * shape.headDim),
      bytes: 2 * Double(read * shape.kvHeads * shape.headDim) * compactBytes + bytes(2 * out.count)
    ) {
      inner.decodeAttention(
        q: q,
        stride: stride,
        into: out,
        rows: rows,
        layer: layer,
        shape: shape
      )
    }
  }

  func softmaxRows(_ x: Buffer, width: Int, inverseTemperature: Float) {
    ledger.time(.sampling, operations: 12 * Double(x.count), bytes: bytes(2 * x.count)) {
      inner.softmaxRows(x, width: width, inverseTemperature: inverseTemperature)
    }
  }

  func sample(
    logits: Buffer,
    vocabulary: Int,
    options: [SamplingOptions],
    uniforms: [Float],
    seen: [[Int32]]?
  ) -> [SampledToken] {
    ledger.time(
      .sampling,
      operations: 12 * Double(logits.count),
      bytes: bytes(logits.count)
    ) {
      inner.sample(
        logits: logits,
        vocabulary: vocabulary,
        options: options,
        uniforms: uniforms,
        seen: seen
      )
    }
  }
}
