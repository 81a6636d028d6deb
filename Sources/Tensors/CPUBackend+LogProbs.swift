internal import CKernels

extension CPUBackend {
  /// See ``Backend``.
  public func logProbs(
    logits: Buffer,
    targets: [Int32],
    inverseTemperature: Float,
    lse: Buffer,
    into out: Buffer,
    entropy: Buffer?
  ) -> [Bool] {
    let rows = targets.count
    guard rows > 0 else { return [] }
    let isArgmax = [UInt8](unsafeUninitializedCapacity: rows) { bytes, count in
      kernels.table.pointee.log_prob_forward(
        pool.pointer,
        logits.hostPointer,
        targets,
        inverseTemperature,
        lse.hostPointer,
        out.hostPointer,
        entropy?.hostPointer,
        bytes.baseAddress,
        Int64(rows),
        Int64(logits.count / rows)
      )
      count = rows
    }
    return isArgmax.map { $0 != 0 }
  }

  /// See ``Backend``.
  public func logProbsBackward(
    logits: Buffer,
    targets: [Int32],
    inverseTemperature: Float,
    lse: Buffer,
    dy: Buffer
  ) {
    guard !targets.isEmpty else { return }
    kernels.table.pointee.log_prob_backward(
      pool.pointer,
      logits.hostPointer,
      targets,
      inverseTemperature,
      lse.hostPointer,
      dy.hostPointer,
      Int64(targets.count),
      Int64(logits.count / targets.count)
    )
  }

  /// See ``Backend``.
  public func softmaxRows(_ x: Buffer, width: Int, inverseTemperature: Float) {
    kernels.table.pointee.softmax_rows(
      pool.pointer,
      x.hostPointer,
      inverseTemperature,
      Int64(x.count / width),
      Int64(width)
    )
  }
}
