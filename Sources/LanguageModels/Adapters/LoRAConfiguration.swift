import Tensors

/// How a model's projections are adapted: LoRA (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large
/// Language Models") or rsLoRA (Kalajdzievski 2023). Property names are Swift's; each documents PEFT's key.
public struct LoRAConfiguration: Sendable, Equatable {
  /// `r`: rows of A and columns of B.
  public var rank: Int
  /// `lora_alpha`.
  public var alpha: Double
  /// `use_rslora`: the update is multiplied by alpha / sqrt(r) in place of alpha / r.
  public var isRankStabilized: Bool
  /// `target_modules`: a projection is adapted where its path is one of these or ends with `.` and one of these.
  public var targetModules: [String]

  /// What PEFT calls `allLinear`.
  public static let allLinearName = "all-linear"
  /// Every projection of the layers: PEFT's `all-linear`, which leaves the head out.
  public static let allLinear = [
    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
  ]
  /// What PEFT adapts in Qwen2, Qwen3 and Llama when it is not told.
  public static let defaultTargets = ["q_proj", "v_proj"]

  /// Takes each field as given; the defaults are those of TRL's `ModelConfig`.
  public init(
    rank: Int = 16,
    alpha: Double = 32,
    isRankStabilized: Bool = false,
    targetModules: [String] = Self.defaultTargets
  ) {
    precondition(rank >= 1, "rank \(rank)")
    self.rank = rank
    self.alpha = alpha
    self.isRankStabilized = isRankStabilized
    self.targetModules = targetModules
  }

  /// What multiplies B A.
  public var scaling: Double {
    alpha / (isRankStabilized ? Double(rank).squareRoot() : Double(rank))
  }

  /// The projections that are adapted, by path, in the order of the checkpoint.
  ///
  /// PEFT takes a name that matches nothing as long as another one matches; here each must match.
  ///
  /// - Parameter source: Where the names stand, for the error.
  /// - Throws: `AdapterError` for a name that no projection of the model has.
  func modules(
    of model: DecoderConfiguration,
    source: String
  ) throws(AdapterError) -> [(path: String, shape: [Int])] {
    let all = DecoderModel.parameterSpecs(model).compactMap { spec in
      spec.name.hasSuffix("_proj.weight")
        ? (path: String(spec.name.dropLast(".weight".count)), shape: spec.shape) : nil
    }
    func matches(_ path: String, _ target: String) -> Bool {
      path == target || path.hasSuffix("." + target)
    }
    guard !targetModules.isEmpty else { throw .noTargets(source: source) }
    for target in targetModules where !all.contains(where: { matches($0.path, target) }) {
      throw .unknownTarget(source: source, name: target)
    }
    return all.filter { module in targetModules.contains { matches(module.path, $0) } }
  }
}
