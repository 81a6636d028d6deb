internal import CKernels

extension CPUBackend {
  /// See ``Backend``.
  public func rope(
    x: Buffer,
    into y: Buffer,
    positions: [Int32],
    table: RotaryTable,
    heads: Int,
    inverse: Bool
  ) {
    kernels.table.pointee.rope(
      pool.pointer,
      x.hostPointer,
      y.hostPointer,
      positions,
      table.cosines,
      table.sines,
      Int64(positions.count),
      Int64(heads),
      Int64(table.configuration.headDim),
      inverse
    )
  }

  /// See ``Backend``.
  public func attention(
    q: Buffer,
    k: Buffer,
    v: Buffer,
    into out: Buffer,
    lse: Buffer?,
    segments: AttentionSegments,
    shape: AttentionShape
  ) {
    kernels.table.pointee.attention_forward(
      pool.pointer,
      q.hostPointer,
      Int64(shape.heads * shape.headDim),
      k.hostPointer,
      v.hostPointer,
      Int64(shape.kvHeads * shape.headDim),
      out.hostPointer,
      lse?.hostPointer,
      segments.starts,
      segments.prefixes,
      Int64(segments.count),
      Int64(shape.heads),
      Int64(shape.kvHeads),
      Int64(shape.headDim),
      shape.scale
    )
  }

  /// See ``Backend``.
  public func attention(
    qkv: Buffer,
    into out: Buffer,
    segments: AttentionSegments,
    shape: AttentionShape
  ) {
    let (queries, keys) = (shape.heads * shape.headDim, shape.kvHeads * shape.headDim)
    let stride = queries + 2 * keys
    let tokens = Int(segments.starts.last!)
    precondition(
      qkv.count == tokens * stride && out.count == tokens * queries,
      "buffers of \(qkv.count) and \(out.count) for \(tokens) tokens"
    )
    kernels.table.pointee.attention_forward(
      pool.pointer,
      qkv.hostPointer,
      Int64(stride),
      qkv.hostPointer + queries,
      qkv.hostPointer + queries + keys,
      Int64(stride),
      out.hostPointer,
      nil,
      segments.starts,
      segments.prefixes,
      Int64(segments.count),
      Int64(shape.heads),
      Int64(shape.kvHeads),
      Int64(shape.headDim),
      shape.scale
    )
  }

  /// See ``Backend``.
  public func attentionBackward(
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
    kernels.table.pointee.attention_backward(
      pool.pointer,
      q.hostPointer,
      k.hostPointer,
      v.hostPointer,
      out.hostPointer,
      lse.hostPointer,
      dOut.hostPointer,
      dq.hostPointer,
      dk.hostPointer,
      dv.hostPointer,
      segments.starts,
      segments.prefixes,
      Int64(segments.count),
      Int64(shape.heads),
      Int64(shape.kvHeads),
      Int64(shape.headDim),
      shape.scale
    )
  }
}
