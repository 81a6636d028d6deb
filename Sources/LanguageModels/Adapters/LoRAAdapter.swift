public import Tensors

/// The trained part of a model whose base is frozen: for each adapted projection A (r, in) and B (out, r),
/// in a store of their own, named as in PEFT's `adapter_model.safetensors`.
public final class LoRAAdapter {
  /// Rank, scaling and targets.
  public let configuration: LoRAConfiguration
  /// All A and B, with gradients unless it is frozen.
  public let store: ParameterStore
  /// The model that it belongs to, for what is written beside it.
  public var base: BaseIdentity?
  /// Paths of the adapted projections, in the order of the base's checkpoint.
  let modules: [String]

  /// Makes an adapter of zeros.
  ///
  /// - Parameters:
  ///   - model: The base's shape.
  ///   - source: Where the targets stand, for errors.
  ///   - trainable: Whether it has gradients.
  /// - Throws: `AdapterError` for a target that the model lacks.
  public init(
    zeros configuration: LoRAConfiguration,
    model: DecoderConfiguration,
    source: String,
    backend: any Backend,
    trainable: Bool
  ) throws(AdapterError) {
    let modules = try configuration.modules(of: model, source: source)
    self.configuration = configuration
    self.modules = modules.map(\.path)
    store = ParameterStore(
      specs: Self.specs(modules, rank: configuration.rank),
      backend: backend,
      trainable: trainable
    )
  }

  /// A and B of each module.
  static func specs(_ modules: [(path: String, shape: [Int])], rank: Int) -> [ParameterSpec] {
    modules.flatMap { path, shape in
      [
        ParameterSpec(name: downName(path), shape: [rank, shape[1]]),
        ParameterSpec(name: upName(path), shape: [shape[0], rank]),
      ]
    }
  }

  /// Makes an adapter that changes nothing yet, as PEFT initialises one.
  ///
  /// A is uniform within 1 / sqrt(in), which is torch's `kaiming_uniform_(a=sqrt(5))`, and B zero. The
  /// values depend on the seed alone: the A of module i draws from stream i of a Philox generator.
  ///
  /// - Throws: `AdapterError` for a target that the model lacks.
  public convenience init(
    _ configuration: LoRAConfiguration,
    model: DecoderConfiguration,
    source: String,
    backend: any Backend,
    seed: UInt64
  ) throws(AdapterError) {
    try self.init(
      zeros: configuration,
      model: model,
      source: source,
      backend: backend,
      trainable: true
    )
    for (index, module) in modules.enumerated() {
      let down = store[Self.downName(module)]
      let bound = 1 / Float(down.shape[1]).squareRoot()
      let random = Philox4x32(seed: RandomUse.adapterValues.key(seed), stream: UInt64(index))
      let values = (0..<down.range.count).map {
        bound * (2 * random.uniform(at: UInt64($0)) - 1)
      }
      backend.write(values, to: down.value.buffer)
    }
  }

  /// A copy of another one's values, with its base.
  public init(copying other: LoRAAdapter, trainable: Bool) {
    configuration = other.configuration
    modules = other.modules
    base = other.base
    store = ParameterStore(
      specs: other.store.parameters.map { ParameterSpec(name: $0.name, shape: $0.shape) },
      backend: other.store.backend,
      trainable: trainable
    )
    store.copyValues(from: other.store)
  }

  /// What is added to a projection; `nil` where it is not adapted.
  func update(of module: String) -> LowRankUpdate? {
    guard let down = store.find(Self.downName(module)) else { return nil }
    return LowRankUpdate(
      down: down,
      up: store[Self.upName(module)],
      scale: Float(configuration.scaling)
    )
  }

  /// What is added to a weight of the base's checkpoint; `nil` where nothing is.
  func update(ofParameter name: String) -> LowRankUpdate? {
    name.hasSuffix(".weight") ? update(of: String(name.dropLast(".weight".count))) : nil
  }

  /// Whether it changes nothing: every B is zero, as at the beginning.
  var isZero: Bool {
    modules.allSatisfy { module in
      store[Self.upName(module)].value.array.allSatisfy { $0 == 0 }
    }
  }

  /// PEFT's name of an A.
  static func downName(_ module: String) -> String { "base_model.model.\(module).lora_A.weight" }
  /// PEFT's name of a B.
  static func upName(_ module: String) -> String { "base_model.model.\(module).lora_B.weight" }
}
