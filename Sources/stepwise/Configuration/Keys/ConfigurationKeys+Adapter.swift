import Components
import LanguageModels

/// LoRA: TRL's keys of `ModelConfig`.
extension ConfigurationKeys {
  static let adapter = [
    ConfigurationKey(
      "use_peft",
      \.adapter.usePeft,
      .flag,
      "Train a LoRA adapter over a frozen base in place of all parameters."
    ),
    ConfigurationKey(
      "lora_r",
      \.adapter.rank,
      .whole(1),
      "Rank of the adapter."
    ),
    ConfigurationKey(
      "lora_alpha",
      \.adapter.alpha,
      .positive,
      "The update is multiplied by lora_alpha / lora_r."
    ),
    ConfigurationKey(
      "lora_target_modules",
      \.adapter.targetModules,
      .targetModules,
      null: "q_proj and v_proj",
      "Projections that are adapted."
    ),
    ConfigurationKey(
      "use_rslora",
      \.adapter.useRslora,
      .flag,
      "Multiply the update by lora_alpha / sqrt(lora_r) instead."
    ),
    ConfigurationKey(
      "adapter_name_or_path",
      \.adapter.path,
      .text("a directory in PEFT's form"),
      null: "a fresh adapter",
      "An adapter to start from; it decides the keys above."
    ),
  ]

  /// The keys that an adapter to start from decides.
  static let adapterShape = ["lora_r", "lora_alpha", "lora_target_modules", "use_rslora"]
}

extension KeyType where Value == [String] {
  /// Names of projections, or `all-linear`.
  fileprivate static var targetModules: Self {
    let all = LoRAConfiguration.allLinearName
    let name = "a list of names such as q_proj, or \(all)"
    return KeyType(
      name: name,
      decode: { value throws(KeyRefusal) in
        if value == .string(all) || value == .array([.string(all)]) {
          return LoRAConfiguration.allLinear
        }
        guard case .array(let elements) = value else { throw .wrongType(value, name) }
        var names: [String] = []
        for element in elements {
          guard case .string(let text) = element, !text.isEmpty else {
            throw .wrongType(value, name)
          }
          names.append(text)
        }
        guard !names.isEmpty else { throw .outOfRange(value, "\(name), of at least one") }
        return names
      },
      encode: { .array($0.map { .string($0) }) }
    )
  }
}
