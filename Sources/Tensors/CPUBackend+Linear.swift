internal import CKernels

extension CPUBackend {
  /// See ``Backend``.
  public func linear(x: Buffer, weight: Buffer, bias: Buffer?, into y: Buffer, shape: LinearShape) {
    check(x, shape.rows * shape.input, weight, shape, y, shape.rows * shape.output)
    kernels.table.pointee.gemm(
      pool.pointer,
      kernels.blas,
      CK_GEMM_NT,
      Int64(shape.rows),
      Int64(shape.output),
      Int64(shape.input),
      x.hostPointer,
      Int64(shape.input),
      weight.hostPointer,
      Int64(shape.input),
      bias?.hostPointer,
      y.hostPointer,
      Int64(shape.output),
      false
    )
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
    kernels.table.pointee.gemm(
      pool.pointer,
      kernels.blas,
      CK_GEMM_NN,
      Int64(shape.rows),
      Int64(shape.input),
      Int64(shape.output),
      dy.hostPointer,
      Int64(shape.output),
      weight.hostPointer,
      Int64(shape.input),
      nil,
      dx.hostPointer,
      Int64(shape.input),
      accumulate
    )
  }

  /// See ``Backend``.
  public func linearWeightGradient(dy: Buffer, x: Buffer, into dw: Buffer, shape: LinearShape) {
    check(dy, shape.rows * shape.output, dw, shape, x, shape.rows * shape.input)
    kernels.table.pointee.gemm(
      pool.pointer,
      kernels.blas,
      CK_GEMM_TN,
      Int64(shape.output),
      Int64(shape.input),
      Int64(shape.rows),
      dy.hostPointer,
      Int64(shape.output),
      x.hostPointer,
      Int64(shape.input),
      nil,
      dw.hostPointer,
      Int64(shape.input),
      true
    )
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
