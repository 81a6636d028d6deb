extension Tape {
  /// body(x), without keeping what `body` makes on the way: the backward runs it again, on a tape of its own.
  ///
  /// Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost". The output and all gradients have the bits of
  /// `body(self, x)`: operations do the same whether they are recorded or not, and within `body` each gradient is summed in the
  /// same order. Costs one more forward of `body` in the backward; saves all of its tensors but x and the output.
  ///
  /// - Parameters:
  ///   - x: The only tensor with a gradient that `body` may use; its gradient comes from `body` alone.
  ///   - body: Computes on the tape and the tensor that it is given; the parameters that it reads must not change before the
  ///     backward.
  public func checkpoint(_ x: Tensor, _ body: @escaping (Tape, Tensor) -> Tensor) -> Tensor {
    guard recording else { return body(self, x) }
    let made = body(inner(recording: false), x)
    let y = Tensor(
      shape: made.shape,
      storage: made.storage,
      offset: made.offset,
      backend: backend,
      isTracked: true
    )
    record(y) { [self] dy in
      // A tensor of its own: the inner tape must not see a gradient that x may already have.
      let start = Tensor(
        shape: x.shape,
        storage: x.storage,
        offset: x.offset,
        backend: backend,
        isTracked: x.isTracked
      )
      let again = inner(recording: true)
      again.backward(body(again, start), gradient: dy)
      if let gradient = start.gradient { accumulate(into: x, adding: gradient) }
    }
    return y
  }

  private func inner(recording: Bool) -> Tape {
    Tape(backend: backend, recording: recording, logitsByteBudget: logitsByteBudget)
  }
}
