internal import CKernels

extension CPUBackend {
  /// See ``Backend``.
  public func appendKeyValues(
    keys: Buffer,
    values: Buffer,
    to destinations: [KeyValueDestination],
    layer: Int
  ) {
    for destination in destinations where destination.tokens > 0 {
      let block = destination.block
      let width = block.layout.kvHeads * block.layout.headDim
      let start = destination.row * width
      let count = destination.tokens * width
      kernels.table.pointee.kv_write(
        pool.pointer,
        keys.slice(start, count: count).hostPointer,
        values.slice(start, count: count).hostPointer,
        block.keys(layer: layer).hostPointer,
        block.values(layer: layer).hostPointer,
        Int64(block.capacity),
        Int64(destination.position),
        Int64(destination.tokens),
        Int64(block.layout.kvHeads),
        Int64(block.layout.headDim)
      )
    }
  }

  /// See ``Backend``.
  public func decodeAttention(
    q: Buffer,
    into out: Buffer,
    rows: [DecodeRow],
    layer: Int,
    shape: AttentionShape
  ) {
    let table = rows.map { row in
      ck_decode_row(
        prefix: Self.span(row.prefix, row.prefixCount, layer),
        own: Self.span(row.own, row.ownCount, layer)
      )
    }
    kernels.table.pointee.decode_attention(
      pool.pointer,
      q.hostPointer,
      out.hostPointer,
      table,
      Int64(rows.count),
      Int64(shape.heads),
      Int64(shape.kvHeads),
      Int64(shape.headDim),
      shape.scale
    )
  }

  private static func span(_ block: KeyValueBlock?, _ count: Int, _ layer: Int) -> ck_kv_span {
    guard let block else { return ck_kv_span(keys: nil, values: nil, capacity: 0, count: 0) }
    return ck_kv_span(
      keys: block.keys(layer: layer).hostPointer,
      values: block.values(layer: layer).hostPointer,
      capacity: Int64(block.capacity),
      count: Int64(count)
    )
  }

  /// See ``Backend``.
  public func sample(
    logits: Buffer,
    vocabulary: Int,
    options: [SamplingOptions],
    uniforms: [Float],
    seen: [[Int32]]?
  ) -> [SampledToken] {
    let rows = options.count
    precondition(
      logits.count == rows * vocabulary && uniforms.count == rows
        && (seen?.count ?? rows) == rows,
      "\(logits.count) logits, \(uniforms.count) numbers for \(rows) rows of \(vocabulary)"
    )
    let cOptions = options.map {
      ck_sampling(
        temperature: $0.temperature,
        top_k: Int32(clamping: $0.topK),
        top_p: $0.topP,
        min_p: $0.minP,
        repetition_penalty: $0.repetitionPenalty
      )
    }
    var starts: [Int64] = [0]
    for row in seen ?? [] { starts.append(starts.last! + Int64(row.count)) }
    let flat = seen.map { Array($0.joined()) }
    var tokens = [Int32](repeating: 0, count: rows)
    var logProbs = [Float](repeating: 0, count: rows)
    func run(_ seen: UnsafePointer<Int32>?) {
      kernels.table.pointee.sample(
        pool.pointer,
        logits.hostPointer,
        cOptions,
        uniforms,
        seen,
        starts,
        &tokens,
        &logProbs,
        Int64(rows),
        Int64(vocabulary)
      )
    }
    if let flat, !flat.isEmpty {
      flat.withUnsafeBufferPointer { run($0.baseAddress) }
    } else {
      run(nil)
    }
    return zip(tokens, logProbs).map { SampledToken(token: $0, logProb: $1) }
  }
}
