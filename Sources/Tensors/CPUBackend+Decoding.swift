internal import CKernels

extension CPUBackend {
  /// See ``Backend``.
  public func addRMSNorm(x: Buffer, adding: Buffer, weight: Buffer, eps: Float, into y: Buffer) {
    kernels.table.pointee.add_rms_forward(
      pool.pointer,
      x.hostPointer,
      adding.hostPointer,
      weight.hostPointer,
      y.hostPointer,
      Int64(x.count / weight.count),
      Int64(weight.count),
      eps
    )
  }

  /// See ``Backend``.
  public func swiGLURows(_ gateUp: Buffer, width: Int, into y: Buffer) {
    precondition(
      gateUp.count == 2 * y.count,
      "\(gateUp.count) values of gate and up for \(y.count)"
    )
    kernels.table.pointee.swiglu_rows(
      pool.pointer,
      gateUp.hostPointer,
      y.hostPointer,
      Int64(y.count / width),
      Int64(width)
    )
  }

  /// See ``Backend``.
  public func prepareDecodeAttention(
    qkv: Buffer,
    rows: DecodeTable,
    layer: Int,
    shape: AttentionShape,
    norms: HeadNorms?,
    table: RotaryTable
  ) {
    kernels.table.pointee.decode_prepare(
      pool.pointer,
      cachePrecision,
      qkv.hostPointer,
      rows.entries,
      Int64(rows.entries.count),
      Int64(layer),
      Int64(shape.heads),
      Int64(shape.kvHeads),
      Int64(shape.headDim),
      norms?.query.hostPointer,
      norms?.key.hostPointer,
      norms?.eps ?? 0,
      rows.positions,
      table.cosines,
      table.sines
    )
  }

  /// See ``Backend``.
  public func decodeAttention(
    q: Buffer,
    stride: Int,
    into out: Buffer,
    rows: DecodeTable,
    layer: Int,
    shape: AttentionShape
  ) {
    kernels.table.pointee.decode_attention(
      pool.pointer,
      cachePrecision,
      q.hostPointer,
      Int64(stride),
      out.hostPointer,
      rows.entries,
      Int64(rows.entries.count),
      Int64(layer),
      Int64(shape.heads),
      Int64(shape.kvHeads),
      Int64(shape.headDim),
      shape.scale
    )
  }

  private var cachePrecision: ck_precision {
    precision == .bf16 ? CK_BF16_PRODUCTS : CK_FP32_PRODUCTS
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
