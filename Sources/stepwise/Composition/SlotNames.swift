import RunStore

/// Slots by two names: the configuration numbers rewards (`rewards.0`), people and records name them (`rewards/format`). All other
/// slots have one name.
enum SlotNames {
  /// The place of a reward in the configuration's list, by the slot that the configuration has.
  static func rewardIndex(_ slot: String) -> Int {
    guard slot.hasPrefix("rewards."), let index = Int(slot.dropFirst("rewards.".count)) else {
      preconditionFailure("\(slot) is no reward's slot of a configuration")
    }
    return index
  }

  /// The key of the configuration that names a slot's plugin: lists are one key.
  static func key(_ slot: String) -> String {
    if slot.hasPrefix(EvaluationSetConfiguration.slotPrefix) { return "evaluation.sets" }
    for list in ["rewards", "prompts", "demonstrations"] where slot.hasPrefix("\(list).") {
      return list
    }
    return slot
  }

  /// A run's recorded plugins with the slots that its configuration has.
  static func numbered(
    _ plugins: [Provenance.Plugin]
  ) -> [(slot: String, plugin: Provenance.Plugin)] {
    var rewards = 0
    return plugins.map { plugin in
      guard plugin.slot.hasPrefix("rewards/") else { return (plugin.slot, plugin) }
      defer { rewards += 1 }
      return ("rewards.\(rewards)", plugin)
    }
  }
}
