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

/// A run's plugins, loaded.
struct LoadedParts {
  var strategy: LoadedSlot<any MixingStrategy>
  var prompts: LoadedSlot<any Dataset>?
  var demonstrations: LoadedSlot<any Dataset>?
  var evaluation: LoadedSlot<any Dataset>?
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

  /// The plugins, in the order of the configuration.
  var plugins: [LoadedPlugin] {
    [strategy.plugin] + [prompts, demonstrations, evaluation].compactMap { $0?.plugin }
      + rewards.map(\.plugin)
  }

  /// The plugins as a run records them.
  var records: [Provenance.Plugin] {
    [strategy.record] + [prompts, demonstrations, evaluation].compactMap { $0?.record }
      + rewards.map(\.record)
  }

  /// A configuration with every plugin's complete parameters: defaults filled in, paths absolute, so that it means the same from
  /// anywhere.
  func resolved(_ configuration: RunConfiguration) -> RunConfiguration {
    var configuration = configuration
    configuration.strategy?.parameters = strategy.plugin.parameters
    if let prompts { configuration.prompts?.parameters = prompts.plugin.parameters }
    if let demonstrations {
      configuration.demonstrations?.parameters = demonstrations.plugin.parameters
    }
    if let evaluation { configuration.evaluationPrompts?.parameters = evaluation.plugin.parameters }
    for (index, reward) in rewards.enumerated() {
      configuration.rewards[index].component.parameters = reward.plugin.parameters
    }
    return configuration
  }
}
