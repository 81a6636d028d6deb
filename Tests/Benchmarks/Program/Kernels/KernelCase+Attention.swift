import Tensors

extension KernelCase {
  // SMALL's attention: 8 sequences of 512 tokens, 8 heads on 4 of keys and values, 64 wide.
  private static let shape = AttentionShape(heads: 8, kvHeads: 4, headDim: 64, scale: 0.125)
  private static let segments = AttentionSegments(starts: (0...8).map { $0 * 512 })

  static func attention(_ backend: TimedBackend, backward: Bool) -> KernelCase {
    let tokens = 4_096
    let queries = tokens * shape.heads * shape.headDim
    let keys = tokens * shape.kvHeads * shape.headDim
    let (q, k, v) = (random(backend, queries), random(backend, keys), random(backend, keys))
    let (out, dOut) = (random(backend, queries), random(backend, queries))
    let lse = random(backend, tokens * shape.heads)
    let (dq, dk) = (random(backend, queries), random(backend, keys))
    let dv = random(backend, keys)
    backend.attention(
      q: q,
      k: k,
      v: v,
      into: out,
      lse: lse,
      segments: segments,
      shape: shape
    )
    return KernelCase(
      name: backward ? "attention backward" : "attention forward",
      size: "8 x 512 tokens, 8 heads of 64",
      part: backward ? .attentionBackward : .attention,
      footprint: 4 * (4 * queries + 4 * keys)
    ) { backend, _ in
      if backward {
        backend.attentionBackward(
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
      } else {
        backend.attention(
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
  }

  static func decodeAttention(_ backend: TimedBackend) -> KernelCase {
    let (batch, context) = (64, 192)
    let layout = KeyValueLayout(layers: 8, kvHeads: shape.kvHeads, headDim: shape.headDim)
    let row = shape.kvHeads * shape.headDim
    let projected = random(backend, context * (shape.heads + 2 * shape.kvHeads) * shape.headDim)
    let rotary = RotaryTable(
      config: RotaryConfiguration(theta: 10_000, headDim: shape.headDim),
      positions: context
    )
    let rows = (0..<batch).map { _ in
      let block = KeyValueBlock(layout: layout, capacity: context, backend: backend)
      let tokens = DecodeTable(
        rows: (1...context).map { DecodeRow(own: block, ownCount: $0) },
        positions: (0..<Int32(context)).map { $0 }
      )
      for layer in 0..<layout.layers {
        backend.prepareDecodeAttention(
          qkv: projected,
          rows: tokens,
          layer: layer,
          shape: shape,
          norms: nil,
          table: rotary
        )
      }
      return DecodeRow(own: block, ownCount: context)
    }
    let table = DecodeTable(
      rows: rows,
      positions: Array(repeating: Int32(context - 1), count: batch)
    )
    let q = random(backend, batch * shape.heads * shape.headDim)
    let out = random(backend, q.count)
    return KernelCase(
      name: "attention, decoding",
      size: "\(batch) rows, \(context) tokens each",
      part: .decodeAttention,
      footprint: 8 * layout.layers * batch * context * row
    ) { backend, round in
      backend.decodeAttention(
        q: q,
        stride: shape.heads * shape.headDim,
        into: out,
        rows: table,
        layer: round % layout.layers,
        shape: shape
      )
    }
  }

  // MARK: Vocabulary, SMALL's 8,192

  static func logProbs(_ backend: TimedBackend, backward: Bool) -> KernelCase {
    let (rows, vocabulary) = (4_096, 8_192)
    let logits = random(backend, rows * vocabulary)
    let (lse, out, dy) = (
      random(backend, rows), random(backend, rows), random(backend, rows)
    )
    let targets = (0..<rows).map { Int32($0 % vocabulary) }
    return KernelCase(
      name: backward ? "log-probabilities backward" : "log-probabilities",
      size: "\(rows) x \(vocabulary)",
      part: .crossEntropy,
      footprint: 4 * logits.count
    ) { backend, _ in
      if backward {
        backend.logProbsBackward(
          logits: logits,
          targets: targets,
          inverseTemperature: 1,
          lse: lse,
          dy: dy
        )
      } else {
        _ = backend.logProbs(
          logits: logits,
          targets: targets,
          inverseTemperature: 1,
          lse: lse,
          into: out,
          entropy: nil
        )
      }
    }
  }

  static func sample(_ backend: TimedBackend) -> KernelCase {
    let (rows, vocabulary) = (64, 8_192)
    let logits = random(backend, rows * vocabulary)
    let options = [SamplingOptions](repeating: SamplingOptions(), count: rows)
    let uniforms = (0..<rows).map { Float($0) / Float(rows) }
    return KernelCase(
      name: "sampling, temperature 1",
      size: "\(rows) x \(vocabulary)",
      part: .sampling,
      footprint: 4 * logits.count
    ) { backend, _ in
      _ = backend.sample(
        logits: logits,
        vocabulary: vocabulary,
        options: options,
        uniforms: uniforms,
        seen: nil
      )
    }
  }
}
