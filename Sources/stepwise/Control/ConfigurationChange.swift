import Components
import Foundation
import PluginHost

/// What an intervention makes of a configuration.
struct ConfigurationChange {
  let loaded: LoadedConfiguration
  /// The rewards' names, in the order of the configuration.
  let rewardNames: [String]
  /// The plugins' ids, by slot of the configuration.
  let ids: [String: String]

  /// The configuration with another plugin in a slot, and the slot as the configuration calls it.
  func swapped(
    _ swap: Intervention.Swap
  ) throws -> (loaded: LoadedConfiguration, slot: String) {
    var result = loaded
    switch swap.slot {
    case "strategy":
      result.configuration.strategy = try component(swap, loaded.configuration.strategy, "strategy")
      return (result, "strategy")
    case "prompts":
      result.configuration.prompts = try dataset(swap, loaded.configuration.prompts, "prompts")
      return (result, "prompts")
    case "demonstrations":
      result.configuration.demonstrations = try dataset(
        swap,
        loaded.configuration.demonstrations,
        "demonstrations"
      )
      return (result, "demonstrations")
    case "rewards":
      let old = loaded.configuration.rewards.count == 1 ? loaded.configuration.rewards[0] : nil
      var reward = RewardConfiguration(component: try component(swap, old?.component, "rewards.0"))
      if let old, swap.isReload { reward = keeping(old, reward.component) }
      result.configuration.rewards = [reward]
      return (result, "rewards.0")
    default:
      return try swappedReward(swap)
    }
  }

  private func swappedReward(
    _ swap: Intervention.Swap
  ) throws -> (loaded: LoadedConfiguration, slot: String) {
    guard swap.slot.hasPrefix("rewards/") else {
      let slots = ["strategy", "prompts", "demonstrations", "rewards"]
      let near = nearestName(to: swap.slot, among: slots).map { "Did you mean \($0)? " } ?? ""
      throw ControlProblem(
        "there is no slot \(swap.slot)",
        cure: near + "Slots are strategy, prompts, demonstrations, rewards, and "
          + (rewardNames.isEmpty
            ? "rewards/NAME." : rewardNames.map { "rewards/\($0)" }.joined(separator: ", ") + ".")
      )
    }
    var result = loaded
    let name = String(swap.slot.dropFirst("rewards/".count))
    if let index = rewardNames.firstIndex(of: name) {
      let old = loaded.configuration.rewards[index]
      let new = try component(swap, old.component, "rewards.\(index)")
      result.configuration.rewards[index] = keeping(old, new)
      return (result, "rewards.\(index)")
    }
    let index = loaded.configuration.rewards.count
    var reward = RewardConfiguration(component: try component(swap, nil, "rewards.\(index)"))
    reward.name = name
    result.configuration.rewards.append(reward)
    return (result, "rewards.\(index)")
  }

  /// A reward's place in the sum stays when its plugin is another.
  private func keeping(
    _ old: RewardConfiguration,
    _ component: ComponentConfiguration
  ) -> RewardConfiguration {
    var reward = old
    reward.component = component
    return reward
  }

  /// The rows that take a slot. One dataset takes the place of a mixture; a part of a split stays that part.
  private func dataset(
    _ swap: Intervention.Swap,
    _ old: DatasetConfiguration?,
    _ slot: String
  ) throws -> DatasetConfiguration {
    var source = DatasetSource(component: try component(swap, old?.single, slot))
    if swap.isReload, let old, old.sources.count == 1 { source.split = old.sources[0].split }
    return DatasetConfiguration(sources: [source])
  }

  /// The plugin that takes a slot.
  private func component(
    _ swap: Intervention.Swap,
    _ old: ComponentConfiguration?,
    _ slot: String
  ) throws -> ComponentConfiguration {
    var new = swap.component
    new.timeout = new.timeout ?? old?.timeout
    guard swap.isReload else { return new }
    guard let old, let id = ids[slot] else {
      throw ControlProblem(
        "\(swap.slot) holds nothing that could be reloaded",
        cure: "Leave --reload out."
      )
    }
    let names = [old.plugin, id, id.split(separator: ".").last.map(String.init) ?? id]
    guard names.contains(new.plugin) || new.plugin.contains("/") else {
      throw ControlProblem(
        "\(swap.slot) holds \(id), not \(new.plugin)",
        cure: "Leave --reload out to swap, or name the plugin that is there."
      )
    }
    if !new.plugin.contains("/") { new.plugin = old.plugin }
    new.parameters = merged(old.parameters, new.parameters)
    new.isolation = new.isolation ?? old.isolation
    return new
  }

  private func merged(_ old: ParameterValue, _ new: ParameterValue) -> ParameterValue {
    guard case .object(var entries) = old, case .object(let changes) = new else { return new }
    for change in changes {
      if let index = entries.firstIndex(where: { $0.key == change.key }) {
        entries[index] = change
      } else {
        entries.append(change)
      }
    }
    return .object(entries)
  }

  // MARK: - Settings

  /// The configuration with a setting's value, checked.
  func setting(_ key: String, to value: String) throws -> LoadedConfiguration {
    let path = try changeablePath(key)
    return try configured(["\(path)=\(value)"])
  }

  /// The configuration with arguments over it, checked.
  func configured(_ arguments: [String]) throws -> LoadedConfiguration {
    do {
      return try RunConfiguration.load(
        yaml: loaded.configuration.yaml,
        file: loaded.file,
        overrides: arguments
      )
    } catch {
      throw ControlProblem("\(error)", cure: "The run goes on as it was.")
    }
  }

  /// The number that a setting holds now.
  func number(_ key: String) throws -> Double {
    let path = try changeablePath(key)
    var value: ParameterValue? = loaded.configuration.encoded
    for part in path.split(separator: ".") {
      if case .array(let elements)? = value {
        value = Int(part).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
      } else {
        value = value?[String(part)]
      }
    }
    switch value {
    case .double(let number)?: return number
    case .int(let number)?: return Double(number)
    default:
      throw ControlProblem(
        "\(key) is \(value?.json ?? "not set"), which is no number to start from",
        cure: "Set it at once, without --over."
      )
    }
  }

  /// The key as the configuration has it: rewards are numbered there.
  ///
  /// - Throws: where the key cannot change while a run goes.
  func changeablePath(_ key: String) throws -> String {
    let parts = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    if ConfigurationKeys.changeable.contains(key) { return key }
    let slots = ["strategy", "prompts", "demonstrations"]
    if parts.count >= 3, slots.contains(parts[0]), parts[1] == "parameters" { return key }
    if parts.count >= 3, parts[0] == "rewards" {
      // A name may hold dots.
      for (index, name) in rewardNames.enumerated() {
        for start in ["rewards.\(name).", "rewards.\(index)."] where key.hasPrefix(start) {
          let rest = String(key.dropFirst(start.count))
          if rest == "weight" || rest.hasPrefix("parameters.") { return "rewards.\(index).\(rest)" }
        }
      }
    }
    throw unchangeable(key)
  }

  private func unchangeable(_ key: String) -> ControlProblem {
    let names =
      ConfigurationKeys.changeable.sorted()
      + rewardNames.map { "rewards.\($0).weight" }
    if ConfigurationKeys.byPath[key] != nil {
      return ControlProblem(
        "\(key) cannot change while a run goes",
        cure: "Begin a branch with it: `stepwise runs branch RUN --at STEP \(key)=VALUE`."
      )
    }
    let near = nearestName(to: key, among: names).map { "Did you mean \($0)? " } ?? ""
    return ControlProblem(
      "there is no setting \(key)",
      cure: near + "What can change is marked in docs/configuration.md; rewards have "
        + "rewards.NAME.weight, plugins SLOT.parameters.NAME."
    )
  }
}

extension ConfigurationKeys {
  /// Keys whose values can change at a step boundary.
  static let changeable: Set<String> = [
    "max_steps", "max_grad_norm", "weight_decay", "save_steps", "save_total_limit",
    "logging_steps", "log_gradient_parts", "gradient_checkpointing", "sft.learning_rate",
    "grpo.learning_rate", "grpo.beta",
    "grpo.temperature",
    "grpo.top_p", "grpo.top_k", "grpo.min_p", "grpo.repetition_penalty", "grpo.epsilon",
    "grpo.epsilon_high", "grpo.delta", "grpo.scale_rewards", "grpo.loss_type",
    "grpo.mask_truncated_completions", "evaluation.eval_steps", "evaluation.max_prompts",
  ]

  /// Keys that decide what a run is: another value is another run.
  static let fixed: Set<String> = [
    "model_name_or_path", "model.config", "tokenizer", "tokenizer_vocab_size", "chat_template_path",
    "seed", "shuffle_dataset", "probe_size", "interventions", "use_peft", "lora_r", "lora_alpha",
    "lora_target_modules", "use_rslora", "adapter_name_or_path",
  ]
}
