import Foundation

extension LoRAConfiguration {
  /// Reads PEFT's `adapter_config.json`.
  ///
  /// What would change the computation and is not supported is refused by name: other kinds of adapters
  /// (`peft_type`), DoRA, biases, modules beside the projections, ranks by pattern. Dropout is a matter of
  /// training and is not looked at. A key that is unknown here is taken where it asks for nothing.
  ///
  /// - Returns: The configuration, and `base_model_name_or_path`.
  static func read(
    _ bytes: Data,
    source: String
  ) throws(ModelConfigurationError) -> (configuration: Self, basePath: String?) {
    let reader = try ConfigurationReader(parsing: bytes, file: source)
    try require(reader, "peft_type", ["LORA"])
    try require(reader, "task_type", ["CAUSAL_LM"])
    try require(reader, "bias", ["none"])
    if case .string(let method)? = reader["init_lora_weights"], !harmlessInitial.contains(method) {
      // These change the base's weights as well: the adapter alone is not the model.
      throw reader.unsupported(
        "init_lora_weights",
        .string(method),
        supported: "true, false, " + harmlessInitial.sorted().joined(separator: ", ")
      )
    }
    for (key, value) in reader.members.sorted(by: { $0.key < $1.key })
    where !readKeys.contains(key) && !value.asksForNothing {
      throw reader.unsupported(key, value, supported: "null, false or an empty one")
    }
    let rank = try reader.require("r", reader.int)
    guard (1...1 << 16).contains(rank) else {
      throw reader.invalid("r", .int(rank), "1 to \(1 << 16)")
    }
    let alpha = try reader.double("lora_alpha") ?? 8
    guard Float(alpha).isFinite else {
      throw reader.invalid("lora_alpha", .double(alpha), "a number that FP32 holds")
    }
    let configuration = LoRAConfiguration(
      rank: rank,
      alpha: alpha,
      isRankStabilized: try reader.bool("use_rslora") ?? false,
      targetModules: try reader.require("target_modules") { key throws(ModelConfigurationError) in
        try targets(reader, key)
      }
    )
    return (configuration, try reader.string("base_model_name_or_path"))
  }

  /// The names in `target_modules`, sorted; `nil` where the key is absent.
  private static func targets(
    _ reader: ConfigurationReader,
    _ key: String
  ) throws(ModelConfigurationError) -> [String]? {
    guard case .string(let text)? = reader[key] else { return try reader.strings(key)?.sorted() }
    // PEFT reads this shorthand, though it writes the names that it stands for.
    guard text == allLinearName else {
      throw reader.unsupported(
        key,
        .string(text),
        supported: "a list of module names, as PEFT writes it for names, or \(allLinearName)"
      )
    }
    return allLinear.sorted()
  }

  /// The bytes of an `adapter_config.json` for inference, with the keys that PEFT writes.
  func json(baseModel: String?) -> Data {
    let members: [String: JSONValue] = [
      "peft_type": .string("LORA"),
      "task_type": .string("CAUSAL_LM"),
      "auto_mapping": .null,
      "base_model_name_or_path": baseModel.map { .string($0) } ?? .null,
      "revision": .null,
      "inference_mode": .bool(true),
      "r": .int(rank),
      "lora_alpha": Int(exactly: alpha).map { .int($0) } ?? .double(alpha),
      "lora_dropout": .double(0),
      // Sorted as they are read back, so that a run that was gone on with writes the same bytes.
      "target_modules": .array(targetModules.sorted().map { .string($0) }),
      "exclude_modules": .null,
      "use_rslora": .bool(isRankStabilized),
      "use_dora": .bool(false),
      "fan_in_fan_out": .bool(false),
      "bias": .string("none"),
      "lora_bias": .bool(false),
      "modules_to_save": .null,
      "init_lora_weights": .bool(true),
      "layers_to_transform": .null,
      "layers_pattern": .null,
      "rank_pattern": .object([:]),
      "alpha_pattern": .object([:]),
      "trainable_token_indices": .null,
      "target_parameters": .null,
    ]
    return Data((JSONValue.object(members).serialized() + "\n").utf8)
  }

  private static func require(
    _ reader: ConfigurationReader,
    _ key: String,
    _ allowed: [String]
  ) throws(ModelConfigurationError) {
    guard let value = reader[key] else {
      // PEFT has defaults for the others.
      if key == "peft_type" { throw .missingKey(file: reader.file, key: key) }
      return
    }
    guard case .string(let text) = value, allowed.contains(text) else {
      throw reader.unsupported(key, value, supported: allowed.joined(separator: " or "))
    }
  }

  /// Initialisations after which the base is what it was.
  private static let harmlessInitial: Set<String> = ["gaussian", "eva", "orthogonal"]

  /// Keys that are read, or that say nothing about the computation.
  private static let readKeys: Set<String> = [
    "peft_type", "task_type", "bias", "init_lora_weights", "r", "lora_alpha", "use_rslora",
    "target_modules", "base_model_name_or_path", "auto_mapping", "revision", "inference_mode",
    "lora_dropout", "layers_pattern", "megatron_core", "peft_version", "qalora_group_size",
    "runtime_config", "eva_config",
  ]
}

extension JSONValue {
  /// Whether a key with this value might as well be absent.
  fileprivate var asksForNothing: Bool {
    switch self {
    case .null, .bool(false): true
    case .array(let values): values.isEmpty
    case .object(let members): members.isEmpty
    default: false
    }
  }
}
