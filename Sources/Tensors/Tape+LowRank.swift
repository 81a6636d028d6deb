/// A low-rank update of a weight (N,K): scale * up down, with down (R,K) and up (N,R).
public struct LowRankUpdate {
  /// A of LoRA, (R,K).
  public let down: Parameter
  /// B of LoRA, (N,R).
  public let up: Parameter
  /// Multiplies the product.
  public let scale: Float

  /// Takes each field as given.
  public init(down: Parameter, up: Parameter, scale: Float) {
    precondition(
      down.shape.count == 2 && up.shape.count == 2 && down.shape[0] == up.shape[1],
      "\(up.name) \(up.shape) does not follow \(down.name) \(down.shape)"
    )
    self.down = down
    self.up = up
    self.scale = scale
  }

  /// R.
  public var rank: Int { down.shape[0] }

  /// weight (N,K) + scale * up down, in memory of its own.
  public func added(to weight: Buffer, backend: any Backend) -> Buffer {
    let sum = Buffer(backend.makeStorage(count: weight.count))
    backend.copy(weight, to: sum)
    add(to: sum, backend: backend)
    return sum
  }

  /// target (N,K) += scale * up down: the weight as it is with the update.
  ///
  /// The scale goes to the up projection first, N * R values, so that no product of the weight's size is made.
  public func add(to target: Buffer, backend: any Backend) {
    let scaled = Buffer(backend.makeStorage(count: up.range.count))
    backend.copy(up.value.buffer, to: scaled)
    backend.scale(scaled, by: scale)
    backend.linearInputGradient(
      dy: scaled,
      weight: down.value.buffer,
      into: target,
      shape: LinearShape(rows: up.shape[0], input: down.shape[1], output: rank),
      accumulate: true
    )
  }
}

extension Tape {
  /// y (T,N) = x (T,K) weight^T + bias + scale * (x down^T) up^T.
  ///
  /// Beside x only x down^T is kept for the backward: R values a token. Gradients go to what is
  /// trainable; of a frozen weight only d(loss)/dx is computed.
  public func linear(
    _ x: Tensor,
    _ weight: Parameter,
    bias: Parameter? = nil,
    update: LowRankUpdate
  ) -> Tensor {
    let (down, up) = (update.down, update.up)
    precondition(
      weight.shape == [up.shape[0], down.shape[1]] && weight.shape[1] == x.width,
      "\(weight.name) \(weight.shape) with an update \(up.shape) \(down.shape), input \(x.shape)"
    )
    let shape = LinearShape(rows: x.rows, input: x.width, output: weight.shape[0])
    let downShape = LinearShape(rows: x.rows, input: x.width, output: update.rank)
    let upShape = LinearShape(rows: x.rows, input: update.rank, output: weight.shape[0])
    let y = makeOutput(
      x.shape.dropLast() + [shape.output],
      tracked: tracks([x], [weight, bias, down, up])
    )
    backend.linear(
      x: x.buffer,
      weight: weight.value.buffer,
      bias: bias?.value.buffer,
      into: y.buffer,
      shape: shape
    )
    let inner = Buffer(backend.makeStorage(count: x.rows * update.rank))
    backend.linear(
      x: x.buffer,
      weight: down.value.buffer,
      bias: nil,
      into: inner,
      shape: downShape
    )
    backend.scale(inner, by: update.scale)
    backend.addLinear(x: inner, weight: up.value.buffer, to: y.buffer, shape: upShape)
    guard y.isTracked else { return y }
    record(y) { [self] dy in
      let dy = Buffer(dy)
      if weight.isTrainable {
        backend.linearWeightGradient(dy: dy, x: x.buffer, into: weight.grad.buffer, shape: shape)
      }
      if let bias, bias.isTrainable {
        backend.addColumnSums(of: dy, into: bias.grad.buffer, width: shape.output)
      }
      if up.isTrainable {
        backend.linearWeightGradient(dy: dy, x: inner, into: up.grad.buffer, shape: upShape)
      }
      let dInner = Buffer(backend.makeStorage(count: inner.count))
      backend.linearInputGradient(
        dy: dy,
        weight: up.value.buffer,
        into: dInner,
        shape: upShape,
        accumulate: false
      )
      backend.scale(dInner, by: update.scale)
      if down.isTrainable {
        backend.linearWeightGradient(
          dy: dInner,
          x: x.buffer,
          into: down.grad.buffer,
          shape: downShape
        )
      }
      accumulate(into: x) { dx, accumulate in
        backend.linearInputGradient(
          dy: dy,
          weight: weight.value.buffer,
          into: dx,
          shape: shape,
          accumulate: accumulate
        )
        backend.linearInputGradient(
          dy: dInner,
          weight: down.value.buffer,
          into: dx,
          shape: downShape,
          accumulate: true
        )
      }
    }
    return y
  }
}
