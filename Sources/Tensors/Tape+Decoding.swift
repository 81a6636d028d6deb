extension Tape {
  /// Writes rows of keys and values (rows, kvHeads * headDim) into one layer of some blocks: all rows
  /// of a segment at prefill, one row per sequence while decoding.
  public func appendKeyValues(
    keys: Tensor,
    values: Tensor,
    to destinations: [KeyValueDestination],
    layer: Int
  ) {
    backend.appendKeyValues(
      keys: keys.buffer,
      values: values.buffer,
      to: destinations,
      layer: layer
    )
  }

  /// Attention of one new token per sequence: q (B, heads * headDim) -> (B, heads * headDim). Row b
  /// attends to `rows[b]`. No gradient.
  public func decodeAttention(
    q: Tensor,
    rows: [DecodeRow],
    layer: Int,
    heads: Int,
    scale: Float
  ) -> Tensor {
    precondition(!recording, "decodeAttention has no backward")
    guard let layout = rows.first?.own.layout else { return q }
    precondition(
      q.count == rows.count * heads * layout.headDim,
      "q \(q.shape) for \(rows.count) rows of \(heads) heads of \(layout.headDim)"
    )
    let out = makeOutput(q.shape, tracked: false)
    backend.decodeAttention(
      q: q.buffer,
      into: out.buffer,
      rows: rows,
      layer: layer,
      shape: AttentionShape(
        heads: heads,
        kvHeads: layout.kvHeads,
        headDim: layout.headDim,
        scale: scale
      )
    )
    return out
  }
}
