/// A named weight and its gradient, both in a `ParameterStore`.
public final class Parameter {
  /// Where the values are.
  enum Contents {
    /// A view into the store's values.
    case float32(Tensor)
    case bfloat16(BF16Buffer, any Backend)
  }

  /// The checkpoint's name, for example "model.layers.0.self_attn.q_proj.weight".
  public let name: String
  /// Extent of each axis, outermost first.
  public let shape: [Int]
  /// Whether a backward pass computes its gradient.
  public let isTrainable: Bool
  /// Whether weight decay applies: matrices yes, biases and norms no.
  public var decays: Bool { shape.count > 1 }
  /// Range of values in the store's buffers.
  public let range: Range<Int>
  private let contents: Contents
  private let gradient: Tensor?

  init(name: String, shape: [Int], contents: Contents, gradient: Tensor?, range: Range<Int>) {
    self.name = name
    self.shape = shape
    self.contents = contents
    self.gradient = gradient
    self.isTrainable = gradient != nil
    self.range = range
  }

  /// The values. Of a matrix kept in BF16 a copy that lives as long as it is used; see `assign` for writing.
  public var value: Tensor {
    switch contents {
    case .float32(let tensor): return tensor
    case .bfloat16(let halves, let backend):
      let tensor = Tensor(shape: shape, backend: backend)
      backend.widen(halves, to: tensor.buffer)
      return tensor
    }
  }

  /// The backend that made the values' memory.
  var backend: any Backend {
    switch contents {
    case .float32(let tensor): return tensor.backend
    case .bfloat16(_, let backend): return backend
    }
  }

  /// The values where they are kept in FP32: what is written there is the parameter.
  var stored: Tensor? {
    guard case .float32(let tensor) = contents else { return nil }
    return tensor
  }

  /// Takes over values, rounded where they are kept in BF16.
  public func assign(_ values: Buffer) {
    switch contents {
    case .float32(let tensor): tensor.backend.copy(values, to: tensor.buffer)
    case .bfloat16(let halves, let backend): backend.narrow(values, to: halves)
    }
  }

  /// Row i of out (rows.count, width) becomes row rows[i] of this matrix.
  func gatherRows(_ rows: [Int32], into out: Buffer) {
    let width = shape[1]
    switch contents {
    case .float32(let tensor):
      tensor.backend.gatherRows(tensor.buffer, rows: rows, width: width, into: out)
    case .bfloat16(let halves, let backend):
      for (index, row) in rows.enumerated() {
        backend.widen(
          halves.slice(Int(row) * width, count: width),
          to: out.slice(index * width, count: width)
        )
      }
    }
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
