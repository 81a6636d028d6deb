import Components
import Foundation
import PluginHost
import RunStore
import Training

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
  private let pins: PluginPins
  private let catalog = PluginCatalog.standard

  /// - Parameter pins: which bytes each slot must have.
  init(_ loaded: LoadedConfiguration, services: HostServices, pins: PluginPins = PluginPins()) {
    self.loaded = loaded
    self.services = services
    self.pins = pins
  }

  /// Everything that a run needs.
  func loadRun() throws -> LoadedParts {
    var parts = LoadedParts(strategy: try loadStrategy())
    parts.prompts = try loadDataset("prompts")
    parts.demonstrations = try loadDataset("demonstrations")
    parts.evaluation = try loadDataset("evaluation.prompts")
    parts.rewards = try loadRewards()
    return parts
  }

  /// Rows of an evaluation: `evaluation.prompts`, then the further sets.
  func loadEvaluationSets() throws -> [LoadedDataset] {
    guard let prompts = try loadDataset("evaluation.prompts") else {
      preconditionFailure("the check of the configuration asks for held-out rows")
    }
    return try [prompts]
      + loaded.configuration.evaluationSets.map { set in
        let component = set.component(in: loaded.configuration)
        let rows = try load(set.slot, .dataset, component, label: set.name) {
          try catalog.loadDataset($0, services: $1)
        }
        return try LoadedDataset(slot: set.slot, [rows], DatasetConfiguration(component))
      }
  }

  /// The further sets of an evaluation with complete parameters and absolute paths, so that they mean the same from anywhere. None
  /// of their code runs.
  func resolvedEvaluationSets() throws -> [EvaluationSetConfiguration] {
    try loaded.configuration.evaluationSets.map { set in
      var component = set.component(in: loaded.configuration)
      let reference = component.pluginReference(label: set.name, in: loaded)
      do throws(PluginError) {
        component.parameters = try catalog.identify(.dataset, reference).parameters
      } catch {
        throw SlotError(place: loaded.place(of: "evaluation.sets"), slot: set.slot, error: error)
      }
      var resolved = set
      resolved.component = component
      resolved.changes = .object([])
      return resolved
    }
  }

  func loadStrategy() throws -> LoadedSlot<any MixingStrategy> {
    guard let component = loaded.configuration.strategy else {
      preconditionFailure("the check of the configuration asks for a strategy")
    }
    return try load("strategy", .strategy, component, label: "strategy") {
      try catalog.loadStrategy($0, services: $1)
    }
  }

  /// - Parameter slot: `prompts`, `demonstrations` or `evaluation.prompts`.
  func loadDataset(_ slot: String) throws -> LoadedDataset? {
    guard let configuration = loaded.configuration.dataset(slot) else { return nil }
    var sources: [LoadedSlot<any Dataset>] = []
    for (name, source) in zip(configuration.slots(slot), configuration.sources) {
      sources.append(
        try load(name, .dataset, source.component, label: name) {
          try catalog.loadDataset($0, services: $1)
        }
      )
    }
    return try LoadedDataset(slot: slot, sources, configuration)
  }

  func loadRewards() throws -> [LoadedSlot<WeightedReward>] {
    try loaded.configuration.rewards.indices.map(loadReward)
  }

  /// - Parameter index: its place in the configuration's list.
  func loadReward(_ index: Int) throws -> LoadedSlot<WeightedReward> {
    let reward = loaded.configuration.rewards[index]
    let slot = "rewards.\(index)"
    let found = try load(slot, .reward, reward.component, label: reward.name) {
      var reference = $0
      reference.workers = reward.workers
      return try catalog.loadReward(reference, services: $1)
    }
    let function = ConfiguredReward(
      found.part,
      name: reward.name,
      isReproducible: found.plugin.isReproducible
    )
    return LoadedSlot(
      slot: "rewards/\(found.plugin.label)",
      part: reward.placed(function),
      plugin: found.plugin,
      gate: found.gate,
      reconfigure: found.reconfigure
    )
  }

  /// Loads one plugin, from the run's own copy where it is pinned to other bytes than are found.
  private func load<Part>(
    _ slot: String,
    _ kind: ComponentKind,
    _ component: ComponentConfiguration,
    label: String?,
    _ load: (PluginReference, HostServices) throws -> LoadedComponent<Part>
  ) throws -> LoadedSlot<Part> {
    do {
      var reference = component.pluginReference(label: label, in: loaded)
      reference = try pins.pinned(reference, kind, slot: slot, catalog: catalog)
      let gate = MetricGate()
      let found = try load(reference, gate.guarding(component.services(services)))
      return LoadedSlot(
        slot: slot,
        part: found.part,
        plugin: found.plugin,
        gate: gate,
        reconfigure: found.reconfigure
      )
    } catch let error as PluginError {
      throw SlotError(place: loaded.place(of: SlotNames.key(slot)), slot: slot, error: error)
    }
  }
}

extension ComponentConfiguration {
  /// The plugin as the catalog is asked for it.
  func pluginReference(label: String?, in loaded: LoadedConfiguration) -> PluginReference {
    PluginReference(
      plugin,
      parameters: parameters,
      label: label,
      baseDirectory: loaded.baseDirectory,
      isolation: isolation
    )
  }

  /// The run's services with the component's own deadline.
  func services(_ services: HostServices) -> HostServices {
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
