extension Tape {
  /// x / sqrt(mean(x^2) + eps) * weight over runs of weight.count values: the last axis, or one head
  /// of (T, H * D) with a weight of D (Qwen3's QK norm). Zhang and Sennrich 2019.
  public func rmsNorm(_ x: Tensor, _ weight: Parameter, eps: Float) -> Tensor {
    let width = weight.range.count
    precondition(
      x.width % width == 0,
      "\(weight.name) of \(width) does not divide rows of \(x.width)"
    )
    let y = makeOutput(x.shape, tracked: tracks([x], [weight]))
    let inverse = y.isTracked ? Buffer(backend.makeStorage(count: x.count / width)) : nil
    backend.rmsNorm(
      x: x.buffer,
      weight: weight.value.buffer,
      eps: eps,
      into: y.buffer,
      inverse: inverse
    )
    guard let inverse else { return y }
    record(y) { [self] dy in
      let dWeight = weight.isTrainable ? weight.grad.buffer : nil
      func run(_ dx: Buffer, _ accumulate: Bool) {
        backend.rmsNormBackward(
          x: x.buffer,
          weight: weight.value.buffer,
          inverse: inverse,
          dy: Buffer(dy),
          dx: dx,
          dWeight: dWeight,
          accumulate: accumulate
        )
      }
      if x.isTracked {
        accumulate(into: x, run)
      } else {
        run(Buffer(backend.makeStorage(count: x.count)), false)
      }
    }
    return y
  }
}
