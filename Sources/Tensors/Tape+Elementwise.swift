extension Tape {
  /// a + scale * b, of equal shapes.
  public func add(_ a: Tensor, _ b: Tensor, scale: Float = 1) -> Tensor {
    precondition(a.shape == b.shape, "\(a.shape) + \(b.shape)")
    let y = makeOutput(a.shape, tracked: tracks([a, b]))
    backend.add(a.buffer, b.buffer, scale: scale, into: y.buffer)
    guard y.isTracked else { return y }
    record(y) { [self] dy in
      accumulate(into: a, adding: dy)
      accumulate(into: b, adding: dy, scale: scale)
    }
    return y
  }

  /// silu(gate) * up, of equal shapes (Shazeer 2020, "GLU variants").
  public func swiGLU(gate: Tensor, up: Tensor) -> Tensor {
    precondition(gate.shape == up.shape, "\(gate.shape) and \(up.shape)")
    let y = makeOutput(gate.shape, tracked: tracks([gate, up]))
    backend.swiGLU(gate: gate.buffer, up: up.buffer, into: y.buffer)
    guard y.isTracked else { return y }
    record(y) { [self] dy in
      let dGate = backend.makeStorage(count: gate.count)
      let dUp = backend.makeStorage(count: gate.count)
      backend.swiGLUBackward(
        gate: gate.buffer,
        up: up.buffer,
        dy: Buffer(dy),
        dGate: Buffer(dGate),
        dUp: Buffer(dUp)
      )
      accumulate(into: gate, adding: dGate)
      accumulate(into: up, adding: dUp)
    }
    return y
  }

  /// The same values under another shape of the same count.
  public func reshape(_ x: Tensor, _ shape: [Int]) -> Tensor {
    precondition(shape.product == x.count, "\(x.shape) cannot become \(shape)")
    let y = Tensor(
      shape: shape,
      storage: x.storage,
      offset: x.offset,
      backend: backend,
      isTracked: tracks([x])
    )
    if y.isTracked { record(y) { [self] dy in accumulate(into: x, adding: dy) } }
    return y
  }
}
