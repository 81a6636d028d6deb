import Components
import PluginHost
import RunStore
import Training

/// A plugin in one of a run's slots.
struct LoadedSlot<Part> {
  /// `strategy`, `prompts`, `demonstrations`, `evaluation.prompts`, or `rewards/NAME`.
  var slot: String
  var part: Part
  var plugin: LoadedPlugin
  /// Gives it other values of changeable parameters.
  var reconfigure: (ParameterValue) throws -> Void
  /// Whether what it reports is part of the run's metrics.
  let gate: MetricGate

  init(
    slot: String,
    part: Part,
    plugin: LoadedPlugin,
    gate: MetricGate,
    reconfigure: @escaping (ParameterValue) throws -> Void
  ) {
    self.slot = slot
    self.part = part
    self.plugin = plugin
    self.gate = gate
    self.reconfigure = reconfigure
  }

  /// The plugin as a run records it.
  var record: Provenance.Plugin {
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

/// The rows of a slot: one plugin's, or those of several that are mixed.
struct LoadedDataset {
  /// `prompts`, `demonstrations` or `evaluation.prompts`.
  let slot: String
  /// What the trainer draws from.
  let part: any Dataset
  /// The plugins.
  var sources: [LoadedSlot<any Dataset>]
  /// For each plugin the rows that it gives to the slot.
  let parts: [DatasetMixture.Source]

  init(
    slot: String,
    _ sources: [LoadedSlot<any Dataset>],
    _ configuration: DatasetConfiguration
  ) throws {
    self.slot = slot
    self.sources = sources
    var parts: [DatasetMixture.Source] = []
    for (loaded, source) in zip(sources, configuration.sources) {
      var rows = loaded.part
      if let rule = source.split {
        rows = try DatasetSplit(rows, slot: loaded.slot, rule: rule)
      }
      let id = loaded.plugin.identity.id
      var name = source.name ?? id.split(separator: ".").last.map(String.init) ?? id
      if parts.contains(where: { $0.name == name }) { name += "-\(parts.count)" }
      parts.append(.init(name: name, dataset: rows, weight: source.weight))
    }
    self.parts = parts
    part = parts.count == 1 ? parts[0].dataset : try DatasetMixture(slot: slot, parts)
  }

  /// The first plugin, the only one but for a mixture.
  var plugin: LoadedPlugin { sources[0].plugin }

  /// The plugins' ids, as one text.
  var id: String { sources.map(\.plugin.identity.id).joined(separator: "+") }

  /// The configuration with the plugins' complete parameters.
  func resolved(_ configuration: DatasetConfiguration) -> DatasetConfiguration {
    var configuration = configuration
    for index in configuration.sources.indices where sources.indices.contains(index) {
      configuration.sources[index].component.parameters = sources[index].plugin.parameters
    }
    return configuration
  }
}

/// A run's plugins, loaded.
struct LoadedParts {
  var strategy: LoadedSlot<any MixingStrategy>
  var prompts: LoadedDataset?
  var demonstrations: LoadedDataset?
  var evaluation: LoadedDataset?
  /// In the order of the configuration.
  var rewards: [LoadedSlot<WeightedReward>] = []

  init(strategy: LoadedSlot<any MixingStrategy>) { self.strategy = strategy }

  /// The trainer's view of them.
  var parts: TrainingParts {
    TrainingParts(
      strategy: strategy.part,
      prompts: prompts?.part,
      demonstrations: demonstrations?.part,
      evaluation: evaluation?.part,
      rewards: rewards.map(\.part)
    )
  }

  /// The datasets' plugins, in the order of the configuration.
  var datasets: [LoadedSlot<any Dataset>] {
    [prompts, demonstrations, evaluation].flatMap { $0?.sources ?? [] }
  }

  /// The plugins, in the order of the configuration.
  var plugins: [LoadedPlugin] {
    [strategy.plugin] + datasets.map(\.plugin) + rewards.map(\.plugin)
  }

  /// The plugins as a run records them.
  var records: [Provenance.Plugin] {
    [strategy.record] + datasets.map(\.record) + rewards.map(\.record)
  }

  /// A configuration with every plugin's complete parameters: defaults filled in, paths absolute, so that it means the same from
  /// anywhere.
  func resolved(_ configuration: RunConfiguration) -> RunConfiguration {
    var configuration = configuration
    configuration.strategy?.parameters = strategy.plugin.parameters
    if let prompts { configuration.prompts = configuration.prompts.map(prompts.resolved) }
    if let demonstrations {
      configuration.demonstrations = configuration.demonstrations.map(demonstrations.resolved)
    }
    if let evaluation {
      configuration.evaluationPrompts = configuration.evaluationPrompts.map(evaluation.resolved)
    }
    for (index, reward) in rewards.enumerated() {
      configuration.rewards[index].component.parameters = reward.plugin.parameters
    }
    return configuration
  }
}
