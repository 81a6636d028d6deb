internal import CKernels

extension CPUBackend {
  /// See ``Backend``.
  public func rmsNorm(x: Buffer, weight: Buffer, eps: Float, into y: Buffer, inverse: Buffer?) {
    kernels.table.pointee.rms_forward(
      pool.pointer,
      x.hostPointer,
      weight.hostPointer,
      y.hostPointer,
      inverse?.hostPointer,
      Int64(x.count / weight.count),
      Int64(weight.count),
      eps
    )
  }

  /// See ``Backend``.
  public func rmsNormBackward(
    x: Buffer,
    weight: Buffer,
    inverse: Buffer,
    dy: Buffer,
    dx: Buffer,
    dWeight: Buffer?,
    accumulate: Bool
  ) {
    kernels.table.pointee.rms_backward(
      pool.pointer,
      x.hostPointer,
      weight.hostPointer,
      inverse.hostPointer,
      dy.hostPointer,
      dx.hostPointer,
      dWeight?.hostPointer,
      Int64(x.count / weight.count),
      Int64(weight.count),
      accumulate
    )
  }
}
