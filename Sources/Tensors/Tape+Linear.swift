extension Tape {
  /// y (T,N) = x (T,K) weight (N,K)^T + bias (N), weights as Hugging Face stores them.
  public func linear(_ x: Tensor, _ weight: Parameter, bias: Parameter? = nil) -> Tensor {
    precondition(
      weight.shape.count == 2 && weight.shape[1] == x.width,
      "\(weight.name) \(weight.shape) does not fit an input of \(x.shape)"
    )
    let shape = LinearShape(rows: x.rows, input: x.width, output: weight.shape[0])
    let y = makeOutput(
      x.shape.dropLast() + [shape.output],
      tracked: tracks([x], [weight, bias])
    )
    backend.linear(
      x: x.buffer,
      weight: weight.value.buffer,
      bias: bias?.value.buffer,
      into: y.buffer,
      shape: shape
    )
    guard y.isTracked else { return y }
    record(y) { [self] dy in
      let dy = Buffer(dy)
      if weight.isTrainable {
        backend.linearWeightGradient(dy: dy, x: x.buffer, into: weight.grad.buffer, shape: shape)
      }
      if let bias, bias.isTrainable {
        backend.addColumnSums(of: dy, into: bias.grad.buffer, width: shape.output)
      }
      accumulate(into: x) { dx, accumulate in
        backend.linearInputGradient(
          dy: dy,
          weight: weight.value.buffer,
          into: dx,
          shape: shape,
          accumulate: accumulate
        )
      }
    }
    return y
  }

  /// The logits (R,V) of hidden (R,C) under a head (V,C), for generation.
  public func logits(_ hidden: Tensor, head: Parameter) -> Tensor { linear(hidden, head) }
}
