extension Tape {
  /// Rotary position embedding of x (T, heads * headDim), half-split ("rotate_half") as in Hugging
  /// Face: pair (i, i + headDim / 2) of token t turns by positions[t] * frequency[i].
  public func rope(
    _ x: Tensor,
    heads: Int,
    headDim: Int,
    positions: [Int32],
    table: RotaryTable
  ) -> Tensor {
    precondition(
      x.count == positions.count * heads * headDim,
      "\(x.shape) is not \(positions.count) tokens of \(heads) heads of \(headDim)"
    )
    precondition(
      table.configuration.headDim == headDim,
      "a table for headDim \(table.configuration.headDim), not \(headDim)"
    )
    for position in positions {
      precondition(
        position >= 0 && Int(position) < table.positions,
        "position \(position) outside a rotary table of \(table.positions)"
      )
    }
    let y = makeOutput(x.shape, tracked: tracks([x]))
    backend.rope(
      x: x.buffer,
      into: y.buffer,
      positions: positions,
      table: table,
      heads: heads,
      inverse: false
    )
    guard y.isTracked else { return y }
    record(y) { [self] dy in
      let target = backend.makeStorage(count: x.count)
      backend.rope(
        x: Buffer(dy),
        into: Buffer(target),
        positions: positions,
        table: table,
        heads: heads,
        inverse: true
      )
      accumulate(into: x, adding: target)
    }
    return y
  }

  /// Causal grouped-query attention: q (T, heads * headDim), k and v (T, kvHeads * headDim) ->
  /// (T, heads * headDim). A token sees itself and what is before it in its segment, after the whole
  /// of the segment's prefix.
  /// - Parameters:
  ///   - segments: the packed sequences; they end at T.
  ///   - scale: multiplies the scores; commonly 1 / sqrt(headDim).
  public func attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    heads: Int,
    kvHeads: Int,
    headDim: Int,
    segments: AttentionSegments,
    scale: Float
  ) -> Tensor {
    let shape = AttentionShape(heads: heads, kvHeads: kvHeads, headDim: headDim, scale: scale)
    let tokens = q.count / (heads * headDim)
    precondition(
      q.count == tokens * heads * headDim && k.count == tokens * kvHeads * headDim
        && v.count == k.count,
      "q \(q.shape), k \(k.shape), v \(v.shape) for \(heads)/\(kvHeads) heads of \(headDim)"
    )
    precondition(
      Int(segments.starts.last ?? 0) == tokens,
      "segments end at \(segments.starts.last ?? 0), not at \(tokens)"
    )
    let out = makeOutput([tokens, heads * headDim], tracked: tracks([q, k, v]))
    let lse = out.isTracked ? Buffer(backend.makeStorage(count: tokens * heads)) : nil
    backend.attention(
      q: q.buffer,
      k: k.buffer,
      v: v.buffer,
      into: out.buffer,
      lse: lse,
      segments: segments,
      shape: shape
    )
    guard let lse else { return out }
    // The closure must not own `out`'s node twice; a second view of the same storage is enough.
    let saved = out.buffer
    record(out) { [self] dOut in
      let dq = backend.makeStorage(count: q.count)
      let dk = backend.makeStorage(count: k.count)
      let dv = backend.makeStorage(count: v.count)
      backend.attentionBackward(
        q: q.buffer,
        k: k.buffer,
        v: v.buffer,
        out: saved,
        lse: lse,
        dOut: Buffer(dOut),
        dq: Buffer(dq),
        dk: Buffer(dk),
        dv: Buffer(dv),
        segments: segments,
        shape: shape
      )
      accumulate(into: q, adding: dq)
      accumulate(into: k, adding: dk)
      accumulate(into: v, adding: dv)
    }
    return out
  }
}
