/// A copy of all gradients of a store, for norms and angles of separate objectives.
public final class GradientBuffer {
  let buffer: Buffer

  init(_ storage: Storage) { buffer = Buffer(storage) }
}

extension ParameterStore {
  /// Sets all gradients to zero.
  public func zeroGrad() { backend.fill(gradBuffer, with: 0) }

  /// The Euclidean norm of all gradients, or of those of the given parameters: FP64 sums in one
  /// order, the same for any number of threads.
  public func gradNorm(of selected: [Parameter]? = nil) -> Double {
    guard let selected else { return backend.dot(gradBuffer, gradBuffer).squareRoot() }
    return selected.reduce(0) { $0 + squaredNorm($1) }.squareRoot()
  }

  /// The Euclidean norm of each parameter's gradient, by name.
  public func perParameterGradNorms() -> [String: Double] {
    var norms: [String: Double] = [:]
    for parameter in parameters { norms[parameter.name] = squaredNorm(parameter).squareRoot() }
    return norms
  }

  private func squaredNorm(_ parameter: Parameter) -> Double {
    let gradient = parameter.grad.buffer
    return backend.dot(gradient, gradient)
  }

  /// A copy of all gradients.
  public func gradientCopy() -> GradientBuffer {
    let copy = GradientBuffer(backend.makeStorage(count: gradBuffer.count))
    backend.copy(gradBuffer, to: copy.buffer)
    return copy
  }

  /// Puts a copy back, bit for bit.
  public func restoreGradients(_ copy: GradientBuffer) {
    backend.copy(copy.buffer, to: gradBuffer)
  }

  /// Multiplies all gradients.
  public func scaleGradients(_ factor: Float) { backend.scale(gradBuffer, by: factor) }

  /// gradients += scale * other
  public func addGradients(_ other: GradientBuffer, scale: Float = 1) {
    backend.add(gradBuffer, other.buffer, scale: scale, into: gradBuffer)
  }

  /// The inner product of all gradients with a copy, in FP64.
  public func dot(_ other: GradientBuffer) -> Double { backend.dot(gradBuffer, other.buffer) }
}
