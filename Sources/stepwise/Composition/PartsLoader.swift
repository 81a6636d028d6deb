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

extension PluginCatalog {
  /// The plugins that this process finds.
  static var standard: PluginCatalog {
    PluginCatalog(
      searchPaths: ProcessPaths.pluginSearchPaths,
      libraryDirectories: [ProcessPaths.executableDirectory],
      policy: .user
    )
  }
}

/// Loads the plugins that a configuration names.
final class PartsLoader {
  private let loaded: LoadedConfiguration
  private let services: HostServices
  private let catalog = PluginCatalog.standard
  private var plugins: [(slot: String, plugin: LoadedPlugin)] = []

  init(_ loaded: LoadedConfiguration, services: HostServices) {
    self.loaded = loaded
    self.services = services
  }

  /// Everything that a run needs.
  func loadRun() throws -> LoadedParts {
    let configuration = loaded.configuration
    guard let reference = configuration.strategy else {
      preconditionFailure("the check of the configuration asks for a strategy")
    }
    let strategy = try load("strategy") {
      try catalog.loadStrategy(
        reference.pluginReference(label: "strategy", in: loaded),
        services: reference.services(services)
      )
    }
    var parts = TrainingParts(strategy: strategy.part)
    parts.prompts = try dataset("prompts", configuration.prompts)
    parts.demonstrations = try dataset("demonstrations", configuration.demonstrations)
    parts.evaluation = try dataset("evaluation.prompts", configuration.evaluationPrompts)
    parts.rewards = try rewards()
    return LoadedParts(parts: parts, plugins: plugins)
  }

  /// What an evaluation needs.
  func loadEvaluation() throws -> (dataset: any Dataset, rewards: [WeightedReward]) {
    guard let dataset = try dataset("evaluation.prompts", loaded.configuration.evaluationPrompts)
    else { preconditionFailure("the check of the configuration asks for held-out rows") }
    return (dataset, try rewards())
  }

  private func dataset(
    _ slot: String,
    _ reference: ComponentConfiguration?
  ) throws -> (any Dataset)? {
    guard let reference else { return nil }
    return try load(slot) {
      try catalog.loadDataset(
        reference.pluginReference(label: slot, in: loaded),
        services: reference.services(services)
      )
    }.part
  }

  private func rewards() throws -> [WeightedReward] {
    var rewards: [WeightedReward] = []
    for (index, reward) in loaded.configuration.rewards.enumerated() {
      let component = try load("rewards.\(index)") {
        var reference = reward.component.pluginReference(label: reward.name, in: loaded)
        reference.workers = reward.workers
        return try catalog.loadReward(
          reference,
          services: reward.component.services(services)
        )
      }
      let function = ConfiguredReward(
        component.part,
        name: reward.name,
        isReproducible: component.plugin.isReproducible
      )
      rewards.append(
        WeightedReward(function, weight: reward.weight, onFailure: reward.onFailure)
      )
    }
    return rewards
  }

  /// Loads one plugin and notes it under its slot.
  private func load<Part>(
    _ slot: String,
    _ load: () throws -> LoadedComponent<Part>
  ) throws -> LoadedComponent<Part> {
    do {
      let component = try load()
      let isReward = slot.hasPrefix("rewards.")
      plugins.append((isReward ? "rewards/\(component.plugin.label)" : slot, component.plugin))
      return component
    } catch let error as PluginError {
      let key = slot.hasPrefix("rewards") ? "rewards" : slot
      throw SlotError(place: loaded.place(of: key), slot: slot, error: error)
    }
  }
}

extension ComponentConfiguration {
  /// The plugin as the catalog is asked for it.
  fileprivate func pluginReference(
    label: String?,
    in loaded: LoadedConfiguration
  ) -> PluginReference {
    PluginReference(
      plugin,
      parameters: parameters,
      label: label,
      baseDirectory: loaded.baseDirectory,
      isolation: isolation
    )
  }

  /// The run's services with the component's own deadline.
  fileprivate func services(_ services: HostServices) -> HostServices {
    var services = services
    if let timeout { services.callBudget = .seconds(timeout) }
    return services
  }
}

/// A reward with what manifest and configuration say of it: its name, so that one plugin can serve twice, and whether it promises
/// equal scores.
private final class ConfiguredReward: RewardFunction {
  let isReproducible: Bool
  private let reward: any RewardFunction
  private let name: String?

  init(_ reward: any RewardFunction, name: String?, isReproducible: Bool) {
    self.reward = reward
    self.name = name
    self.isReproducible = isReproducible
  }

  var identity: ComponentIdentity { reward.identity }

  var description: RewardDescription {
    var description = reward.description
    if let name { description.name = name }
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
