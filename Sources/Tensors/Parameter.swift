/// A named weight and its gradient, both views into a `ParameterStore`.
public final class Parameter {
  /// The checkpoint's name, for example "model.layers.0.self_attn.q_proj.weight".
  public let name: String
  /// Extent of each axis, outermost first.
  public let shape: [Int]
  /// The values.
  public let value: Tensor
  /// Whether a backward pass computes its gradient.
  public let isTrainable: Bool
  /// Whether weight decay applies: matrices yes, biases and norms no.
  public var decays: Bool { shape.count > 1 }
  /// Range of values in the store's buffers.
  public let range: Range<Int>
  private let gradient: Tensor?

  init(name: String, shape: [Int], value: Tensor, gradient: Tensor?, range: Range<Int>) {
    self.name = name
    self.shape = shape
    self.value = value
    self.gradient = gradient
    self.isTrainable = gradient != nil
    self.range = range
  }

  /// The gradient; a programmer's error on a frozen parameter.
  public var grad: Tensor {
    guard let gradient else { preconditionFailure("\(name) is frozen and has no gradient") }
    return gradient
  }
}

/// Name and shape of a parameter to be.
public struct ParameterSpec: Sendable, Equatable {
  /// The name in the checkpoint.
  public var name: String
  /// Extent of each axis, outermost first.
  public var shape: [Int]

  /// Takes each field as given.
  public init(name: String, shape: [Int]) {
    self.name = name
    self.shape = shape
  }
}
