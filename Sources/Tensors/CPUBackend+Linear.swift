internal import CKernels

extension CPUBackend {
  /// See ``Backend``.
  public func linear(x: Buffer, weight: Buffer, bias: Buffer?, into y: Buffer, shape: LinearShape) {
    check(x, shape.rows * shape.input, weight, shape, y, shape.rows * shape.output)
    let product = Product(CK_GEMM_NT, m: shape.rows, n: shape.output, k: shape.input)
    multiply(product, x, shape.input, weight, shape.input, bias: bias, into: y, shape.output)
  }

  /// See ``Backend``.
  public func addLinear(x: Buffer, weight: Buffer, to y: Buffer, shape: LinearShape) {
    check(x, shape.rows * shape.input, weight, shape, y, shape.rows * shape.output)
    var product = Product(CK_GEMM_NT, m: shape.rows, n: shape.output, k: shape.input)
    product.accumulates = true
    multiply(product, x, shape.input, weight, shape.input, bias: nil, into: y, shape.output)
  }

  /// See ``Backend``.
  public func linearInputGradient(
    dy: Buffer,
    weight: Buffer,
    into dx: Buffer,
    shape: LinearShape,
    accumulate: Bool
  ) {
    check(dy, shape.rows * shape.output, weight, shape, dx, shape.rows * shape.input)
    var product = Product(CK_GEMM_NN, m: shape.rows, n: shape.input, k: shape.output)
    product.accumulates = accumulate
    multiply(product, dy, shape.output, weight, shape.input, bias: nil, into: dx, shape.input)
  }

  /// See ``Backend``.
  public func linearWeightGradient(dy: Buffer, x: Buffer, into dw: Buffer, shape: LinearShape) {
    check(dy, shape.rows * shape.output, dw, shape, x, shape.rows * shape.input)
    var product = Product(CK_GEMM_TN, m: shape.output, n: shape.input, k: shape.rows)
    product.accumulates = true
    multiply(product, dy, shape.output, x, shape.input, bias: nil, into: dw, shape.input)
  }

  /// See ``Backend``.
  public func addColumnSums(of x: Buffer, into out: Buffer, width: Int) {
    kernels.table.pointee.column_sum(
      pool.pointer,
      x.hostPointer,
      out.hostPointer,
      Int64(x.count / width),
      Int64(width)
    )
  }

  // MARK: Packed weights

  /// See ``Backend``.
  public func pack(_ weights: [Buffer], input: Int) -> PackedWeights {
    let outputs = weights.map { $0.count / input }
    precondition(
      zip(weights, outputs).allSatisfy { $0.count == $1 * input },
      "weights of \(weights.map(\.count)) values are not rows of \(input)"
    )
    let output = outputs.reduce(0, +)
    guard kernels.blas == nil else {
      // A library packs for itself: its products would not have the bits of a packed product.
      return PackedWeights(output: output, input: input, packed: nil, sources: weights)
    }
    let matrix = kernels.matrix.pointee
    let bytes = Int(matrix.packed_bytes(Int64(output), Int64(input)))
    let packed = makeStorage(count: bytes / MemoryLayout<Float>.stride)
    let parts = zip(weights, outputs).map { ck_weight_part(w: $0.hostPointer, n: Int64($1)) }
    matrix.pack_weights(pool.pointer, parts, Int64(parts.count), Int64(input), packed.address)
    return PackedWeights(output: output, input: input, packed: packed, sources: [])
  }

  /// See ``Backend``.
  public func linear(x: Buffer, packed: PackedWeights, bias: Buffer?, into y: Buffer) {
    let rows = x.count / packed.input
    precondition(
      x.count == rows * packed.input && y.count == rows * packed.output,
      "buffers of \(x.count) and \(y.count) for \(packed.input) to \(packed.output)"
    )
    guard let storage = packed.packed else {
      multiplyInParts(x, packed, bias: bias, into: y)
      return
    }
    kernels.matrix.pointee.gemm_packed(
      pool.pointer,
      Int64(rows),
      Int64(packed.output),
      Int64(packed.input),
      x.hostPointer,
      Int64(packed.input),
      storage.address,
      bias?.hostPointer,
      y.hostPointer,
      Int64(packed.output)
    )
  }

  /// See ``Backend``.
  public func gatherRows(of packed: PackedWeights, rows: [Int32], into out: Buffer) {
    precondition(
      out.count == rows.count * packed.input
        && rows.allSatisfy { $0 >= 0 && Int($0) < packed.output },
      "\(rows.count) rows of \(packed.output), \(packed.input) wide, into \(out.count) values"
    )
    if let storage = packed.packed {
      kernels.matrix.pointee.packed_rows(
        storage.address,
        Int64(packed.input),
        rows,
        Int64(rows.count),
        out.hostPointer
      )
    } else {
      precondition(packed.sources.count == 1, "rows of \(packed.sources.count) weights")
      gatherRows(packed.sources[0], rows: rows, width: packed.input, into: out)
    }
  }

  private func multiplyInParts(_ x: Buffer, _ packed: PackedWeights, bias: Buffer?, into y: Buffer)
  {
    let rows = x.count / packed.input
    var start = 0
    for weight in packed.sources {
      let output = weight.count / packed.input
      multiply(
        Product(CK_GEMM_NT, m: rows, n: output, k: packed.input),
        x,
        packed.input,
        weight,
        packed.input,
        bias: bias?.slice(start, count: output),
        into: y.slice(start, count: y.count - start),
        packed.output
      )
      start += output
    }
  }

  // MARK: Products

  private struct Product {
    let kind: ck_gemm_kind
    let m, n, k: Int
    var accumulates = false

    init(_ kind: ck_gemm_kind, m: Int, n: Int, k: Int) {
      (self.kind, self.m, self.n, self.k) = (kind, m, n, k)
    }
  }

  /// c = or += the product of a and b, whose rows lie so many values apart.
  private func multiply(
    _ product: Product,
    _ a: Buffer,
    _ aStride: Int,
    _ b: Buffer,
    _ bStride: Int,
    bias: Buffer?,
    into c: Buffer,
    _ cStride: Int
  ) {
    let (m, n, k) = (Int64(product.m), Int64(product.n), Int64(product.k))
    let (lda, ldb, ldc) = (Int64(aStride), Int64(bStride), Int64(cStride))
    let (a, b, c, bias) = (a.hostPointer, b.hostPointer, c.hostPointer, bias?.hostPointer)
    if let blas = kernels.blas {
      kernels.table.pointee.gemm_blas(
        pool.pointer,
        blas,
        product.kind,
        m,
        n,
        k,
        a,
        lda,
        b,
        ldb,
        bias,
        c,
        ldc,
        product.accumulates
      )
    } else {
      kernels.matrix.pointee.gemm(
        pool.pointer,
        product.kind,
        m,
        n,
        k,
        a,
        lda,
        b,
        ldb,
        bias,
        c,
        ldc,
        product.accumulates
      )
    }
  }

  private func check(
    _ a: Buffer,
    _ aCount: Int,
    _ weight: Buffer,
    _ shape: LinearShape,
    _ b: Buffer,
    _ bCount: Int
  ) {
    precondition(
      a.count == aCount && b.count == bCount && weight.count == shape.input * shape.output,
      "buffers of \(a.count), \(weight.count) and \(b.count) for \(shape)"
    )
  }
}
