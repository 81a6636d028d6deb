import Components
import PluginHost
import RunStore
import Training

/// A run's plugins, loaded.
struct LoadedParts {
  var parts: TrainingParts
  /// Each plugin with its slot, in the order of the configuration.
  var plugins: [(slot: String, plugin: LoadedPlugin)]
}

/// Loads the plugins that a configuration names.
struct PartsLoader {
  let catalog: PluginCatalog
  let services: HostServices

  func load(_ loaded: LoadedConfiguration) throws -> LoadedParts {
    let configuration = loaded.configuration
    guard let strategyReference = configuration.strategy else {
      preconditionFailure("the check of the configuration asks for a strategy")
    }
    var plugins: [(slot: String, plugin: LoadedPlugin)] = []
    func note<Part>(_ slot: String, _ component: LoadedComponent<Part>) -> Part {
      plugins.append((slot, component.plugin))
      return component.part
    }
    func dataset(_ slot: String, _ reference: ComponentConfiguration?) throws -> (any Dataset)? {
      guard let reference else { return nil }
      return note(
        slot,
        try at(slot, loaded) {
          try catalog.loadDataset(reference.pluginReference(label: slot), services: services)
        }
      )
    }
    let strategy = note(
      "strategy",
      try at("strategy", loaded) {
        try catalog.loadStrategy(
          strategyReference.pluginReference(label: "strategy"),
          services: services
        )
      }
    )
    var parts = TrainingParts(strategy: strategy)
    parts.prompts = try dataset("prompts", configuration.prompts)
    parts.demonstrations = try dataset("demonstrations", configuration.demonstrations)
    parts.evaluation = try dataset("evaluation.prompts", configuration.evaluationPrompts)
    for (index, reward) in configuration.rewards.enumerated() {
      let component = try at("rewards.\(index)", loaded) {
        try catalog.loadReward(
          reward.component.pluginReference(label: reward.name),
          services: services
        )
      }
      let function = note("rewards/\(component.plugin.label)", component)
      parts.rewards.append(
        WeightedReward(
          reward.name.map { NamedReward(function, name: $0) } ?? function,
          weight: reward.weight
        )
      )
    }
    return LoadedParts(parts: parts, plugins: plugins)
  }

  private func at<Part>(
    _ slot: String,
    _ loaded: LoadedConfiguration,
    _ load: () throws -> LoadedComponent<Part>
  ) throws -> LoadedComponent<Part> {
    do {
      return try load()
    } catch let error as PluginError {
      let key = slot.hasPrefix("rewards") ? "rewards" : slot
      throw SlotError(place: loaded.place(of: key), slot: slot, error: error)
    }
  }
}

extension ComponentConfiguration {
  /// The plugin as the catalog is asked for it.
  fileprivate func pluginReference(label: String?) -> PluginReference {
    PluginReference(plugin, parameters: parameters, label: label)
  }
}

/// A reward under the name that the configuration gives it, so that one plugin can serve twice.
private final class NamedReward: RewardFunction {
  private let reward: any RewardFunction
  private let name: String

  init(_ reward: any RewardFunction, name: String) {
    self.reward = reward
    self.name = name
  }

  var identity: ComponentIdentity { reward.identity }

  var description: RewardDescription {
    var description = reward.description
    description.name = name
    return description
  }

  func score(_ batch: RewardBatch) throws -> [RewardOutcome] { try reward.score(batch) }

  func answers(_ batch: RewardBatch) throws -> [String?] { try reward.answers(batch) }
}

extension LoadedParts {
  /// The plugins as a run records them.
  var records: [Provenance.Plugin] {
    plugins.map { slot, plugin in
      Provenance.Plugin(
        slot: slot,
        id: plugin.identity.id,
        version: plugin.identity.version,
        digest: plugin.identity.digest,
        manifestDigest: plugin.manifestDigest,
        path: plugin.libraryFile
      )
    }
  }
}
