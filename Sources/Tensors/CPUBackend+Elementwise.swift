internal import CKernels

extension CPUBackend {
  /// See ``Backend``.
  public func fill(_ target: Buffer, with value: Float) {
    kernels.table.pointee.fill(pool.pointer, target.hostPointer, value, Int64(target.count))
  }

  /// See ``Backend``.
  public func copy(_ source: Buffer, to target: Buffer) {
    precondition(source.count == target.count, "copy of \(source.count) to \(target.count)")
    kernels.table.pointee.copy(
      pool.pointer,
      source.hostPointer,
      target.hostPointer,
      Int64(target.count)
    )
  }

  /// See ``Backend``.
  public func scale(_ target: Buffer, by factor: Float) {
    kernels.table.pointee.scale(pool.pointer, target.hostPointer, factor, Int64(target.count))
  }

  /// See ``Backend``.
  public func add(_ a: Buffer, _ b: Buffer, scale: Float, into out: Buffer) {
    precondition(a.count == b.count && a.count == out.count, "\(a.count) + \(b.count)")
    kernels.table.pointee.add(
      pool.pointer,
      a.hostPointer,
      b.hostPointer,
      scale,
      out.hostPointer,
      Int64(out.count)
    )
  }

  /// See ``Backend``.
  public func swiGLU(gate: Buffer, up: Buffer, into out: Buffer) {
    kernels.table.pointee.swiglu_forward(
      pool.pointer,
      gate.hostPointer,
      up.hostPointer,
      out.hostPointer,
      Int64(out.count)
    )
  }

  /// See ``Backend``.
  public func swiGLUBackward(gate: Buffer, up: Buffer, dy: Buffer, dGate: Buffer, dUp: Buffer) {
    kernels.table.pointee.swiglu_backward(
      pool.pointer,
      gate.hostPointer,
      up.hostPointer,
      dy.hostPointer,
      dGate.hostPointer,
      dUp.hostPointer,
      Int64(dy.count)
    )
  }

  /// See ``Backend``.
  public func gatherRows(_ table: Buffer, rows: [Int32], width: Int, into out: Buffer) {
    kernels.table.pointee.gather_rows(
      pool.pointer,
      table.hostPointer,
      rows,
      out.hostPointer,
      Int64(rows.count),
      Int64(width)
    )
  }

  /// See ``Backend``.
  public func scatterAddRows(_ x: Buffer, rows: [Int32], width: Int, into table: Buffer) {
    kernels.table.pointee.scatter_add_rows(
      pool.pointer,
      x.hostPointer,
      rows,
      table.hostPointer,
      Int64(rows.count),
      Int64(width)
    )
  }

  /// See ``Backend``.
  public func dot(_ a: Buffer, _ b: Buffer) -> Double {
    precondition(a.count == b.count, "inner product of \(a.count) and \(b.count)")
    return kernels.table.pointee.dot(pool.pointer, a.hostPointer, b.hostPointer, Int64(a.count))
  }
}
