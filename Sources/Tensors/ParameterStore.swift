/// All weights of a model in one value buffer and, unless frozen, one gradient buffer.
///
/// Each parameter starts on a 64-byte boundary. The few values between parameters are zero and stay
/// zero, so whole-buffer operations need not skip them.
public final class ParameterStore {
  /// The parameters in the order of their specs.
  public let parameters: [Parameter]
  /// The backend that made the buffers.
  public let backend: any Backend
  /// All values, padding included.
  public let valueBuffer: Buffer
  private let gradients: Buffer?
  private let index: [String: Int]

  /// Makes a store of zeros. Names must be unique.
  /// - Parameter trainable: false makes no gradient buffer: for reference models and frozen bases.
  public init(specs: [ParameterSpec], backend: any Backend, trainable: Bool = true) {
    var ranges: [Range<Int>] = []
    var end = 0
    for spec in specs {
      let count = spec.shape.product
      ranges.append(end..<end + count)
      end = (end + count + 15) / 16 * 16
    }
    let values = backend.makeStorage(count: end)
    let grads = trainable ? backend.makeStorage(count: end) : nil
    backend.fill(Buffer(values), with: 0)
    if let grads { backend.fill(Buffer(grads), with: 0) }
    self.backend = backend
    valueBuffer = Buffer(values)
    gradients = grads.map { Buffer($0) }
    parameters = zip(specs, ranges).map { spec, range in
      func view(_ storage: Storage) -> Tensor {
        Tensor(shape: spec.shape, storage: storage, offset: range.lowerBound, backend: backend)
      }
      return Parameter(
        name: spec.name,
        shape: spec.shape,
        value: view(values),
        gradient: grads.map(view),
        range: range
      )
    }
    var index: [String: Int] = [:]
    for (position, spec) in specs.enumerated() {
      let previous = index.updateValue(position, forKey: spec.name)
      precondition(previous == nil, "two parameters are named \(spec.name)")
    }
    self.index = index
  }

  /// Whether there is a gradient buffer.
  public var isTrainable: Bool { gradients != nil }

  /// All gradients, padding included; a programmer's error on a frozen store.
  public var gradBuffer: Buffer {
    guard let gradients else { preconditionFailure("a frozen store has no gradients") }
    return gradients
  }

  /// Number of parameters' values, without padding.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.range.count } }

  /// The parameter of that name, which must exist; see `find` for names from outside.
  public subscript(name: String) -> Parameter {
    guard let parameter = find(name) else { preconditionFailure("no parameter named \(name)") }
    return parameter
  }

  /// The parameter of that name, if any.
  public func find(_ name: String) -> Parameter? { index[name].map { parameters[$0] } }

  /// Copies all values from a store with the same specs.
  public func copyValues(from other: ParameterStore) {
    requireSameLayout(other)
    if backend === other.backend {
      backend.copy(other.valueBuffer, to: valueBuffer)
    } else {
      backend.write(other.backend.read(other.valueBuffer), to: valueBuffer)
    }
  }

  /// Moves all values towards another store's: value += weight * (other - value). TRL's
  /// `sync_ref_model` calls the weight `ref_model_mixup_alpha`.
  public func mixValues(from other: ParameterStore, weight: Float) {
    requireSameLayout(other)
    backend.scale(valueBuffer, by: 1 - weight)
    backend.add(valueBuffer, other.valueBuffer, scale: weight, into: valueBuffer)
  }

  private func requireSameLayout(_ other: ParameterStore) {
    precondition(
      parameters.elementsEqual(other.parameters) { $0.name == $1.name && $0.shape == $1.shape },
      "the stores hold different parameters"
    )
  }
}
