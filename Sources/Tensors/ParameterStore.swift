/// All weights of a model in one value buffer and, unless frozen, one gradient buffer.
///
/// Each parameter starts on a 64-byte boundary. The few values between parameters are zero and stay
/// zero, so whole-buffer operations need not skip them. A frozen store may keep its matrices in BF16,
/// in a buffer of their own; norms and biases stay FP32.
public final class ParameterStore {
  /// The parameters in the order of their specs.
  public let parameters: [Parameter]
  /// The backend that made the buffers.
  public let backend: any Backend
  /// How matrices are kept.
  public let matrices: MatrixStorage
  /// All FP32 values, padding included.
  public let valueBuffer: Buffer
  private let gradients: Buffer?
  private let index: [String: Int]

  /// Makes a store of zeros. Names must be unique.
  /// - Parameters:
  ///   - trainable: false makes no gradient buffer: for reference models and frozen bases.
  ///   - matrices: BF16 for a frozen store only.
  public init(
    specs: [ParameterSpec],
    backend: any Backend,
    trainable: Bool = true,
    matrices: MatrixStorage = .float32
  ) {
    precondition(!trainable || matrices == .float32, "trained matrices are kept in FP32")
    var places: [(range: Range<Int>, isHalf: Bool)] = []
    var (end, halvesEnd) = (0, 0)
    for spec in specs {
      let isHalf = matrices == .bfloat16 && spec.shape.count > 1
      let start = isHalf ? halvesEnd : end
      let range = start..<start + spec.shape.product
      places.append((range, isHalf))
      if isHalf {
        halvesEnd = (range.upperBound + 31) / 32 * 32
      } else {
        end = (range.upperBound + 15) / 16 * 16
      }
    }
    let values = backend.makeStorage(count: end)
    let halves = halvesEnd > 0 ? backend.makeStorage(count: halvesEnd / 2) : nil
    let grads = trainable ? backend.makeStorage(count: end) : nil
    // Two zeros in BF16 have the bits of one in FP32.
    for storage in [values, halves, grads] {
      if let storage { backend.fill(Buffer(storage), with: 0) }
    }
    self.backend = backend
    self.matrices = matrices
    valueBuffer = Buffer(values)
    gradients = grads.map { Buffer($0) }
    parameters = zip(specs, places).map { spec, place in
      func view(_ storage: Storage) -> Tensor {
        Tensor(
          shape: spec.shape,
          storage: storage,
          offset: place.range.lowerBound,
          backend: backend
        )
      }
      let contents: Parameter.Contents
      if place.isHalf, let halves {
        let (start, count) = (place.range.lowerBound, place.range.count)
        contents = .bfloat16(BF16Buffer(halves, offset: start, count: count), backend)
      } else {
        contents = .float32(view(values))
      }
      return Parameter(
        name: spec.name,
        shape: spec.shape,
        contents: contents,
        gradient: grads.map(view),
        range: place.range
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

  /// Copies all values from a store with the same specs, rounded where this one keeps BF16.
  public func copyValues(from other: ParameterStore) {
    requireSameLayout(other)
    if backend !== other.backend {
      for (own, others) in zip(parameters, other.parameters) {
        own.assign(Tensor(others.value.array, shape: own.shape, backend: backend).buffer)
      }
    } else if matrices == .float32, other.matrices == .float32 {
      backend.copy(other.valueBuffer, to: valueBuffer)
    } else {
      for (own, others) in zip(parameters, other.parameters) { own.assign(others.value.buffer) }
    }
  }

  /// Whether a store that keeps its matrices in BF16 could hold the same values.
  public var isExactInBF16: Bool {
    matrices == .bfloat16
      || parameters.allSatisfy { $0.shape.count < 2 || backend.isExactInBF16($0.value.buffer) }
  }

  /// Moves all values towards another store's: value += weight * (other - value). TRL's
  /// `sync_ref_model` calls the weight `ref_model_mixup_alpha`.
  public func mixValues(from other: ParameterStore, weight: Float) {
    requireSameLayout(other)
    precondition(
      matrices == .float32 && other.matrices == .float32,
      "steps so small are lost in BF16"
    )
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
