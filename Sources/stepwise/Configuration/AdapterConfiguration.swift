import LanguageModels

/// Whether a run trains an adapter in place of the whole model, and which: TRL's keys, at the top level.
struct AdapterConfiguration: Sendable, Equatable {
  /// `use_peft`.
  var usePeft = false
  /// `lora_r`.
  var rank = LoRAConfiguration().rank
  /// `lora_alpha`.
  var alpha = LoRAConfiguration().alpha
  /// `lora_target_modules`; `nil` for what PEFT adapts by itself.
  var targetModules: [String]?
  /// `use_rslora`.
  var useRslora = false
  /// `adapter_name_or_path`: an adapter to go on with. It decides the keys above.
  var path: String?

  /// What a fresh adapter is made of.
  var lora: LoRAConfiguration {
    LoRAConfiguration(
      rank: rank,
      alpha: alpha,
      isRankStabilized: useRslora,
      targetModules: targetModules ?? LoRAConfiguration.defaultTargets
    )
  }

  /// Takes over what an adapter is.
  mutating func take(_ lora: LoRAConfiguration) {
    rank = lora.rank
    alpha = lora.alpha
    useRslora = lora.isRankStabilized
    targetModules = lora.targetModules
  }
}
