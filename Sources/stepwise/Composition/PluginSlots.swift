import Components
import PluginHost
import PluginPackages

extension LoadedConfiguration {
  /// The plugins of a run by slot, as `PartsLoader` names the slots. Their bytes are read and checked; none of their code runs.
  func identifyPlugins(
    _ catalog: PluginCatalog = .standard
  ) throws -> [(slot: String, plugin: LoadedPlugin)] {
    var found: [(slot: String, plugin: LoadedPlugin)] = []
    func add(
      _ slot: String,
      _ kind: ComponentKind,
      _ component: ComponentConfiguration?,
      label: String?
    ) throws {
      guard let component else { return }
      let reference = PluginReference(
        component.plugin,
        parameters: component.parameters,
        label: label,
        baseDirectory: baseDirectory
      )
      do {
        let plugin = try catalog.identify(kind, reference)
        let isReward = slot.hasPrefix("rewards.")
        found.append((isReward ? "rewards/\(plugin.label)" : slot, plugin))
      } catch {
        throw SlotError(place: place(of: SlotNames.key(slot)), slot: slot, error: error)
      }
    }
    try add("strategy", .strategy, configuration.strategy, label: "strategy")
    for slot in ["prompts", "demonstrations", "evaluation.prompts"] {
      guard let dataset = configuration.dataset(slot) else { continue }
      for (name, source) in zip(dataset.slots(slot), dataset.sources) {
        try add(name, .dataset, source.component, label: name)
      }
    }
    for set in configuration.evaluationSets {
      let component = set.component(in: configuration)
      try add(set.slot, .dataset, component, label: set.name)
    }
    for (index, reward) in configuration.rewards.enumerated() {
      try add("rewards.\(index)", .reward, reward.component, label: reward.name)
    }
    return found
  }

  /// Refuses plugins that are not those of the lock file, before any of their code runs.
  ///
  /// - Parameter lockFile: the file that must have a lock; `nil`: `stepwise.lock` beside the configuration, where it has one.
  func checkLock(_ lockFile: String? = nil) throws {
    let path = lockFile ?? standardLockFile
    guard let lock = try PluginLock(contentsOf: path, configuration: lockName) else {
      if lockFile == nil { return }
      throw PackageError(
        .locked,
        path,
        "it has no lock for \(lockName)",
        cure: "write one: stepwise plugin lock \(file) --output \(path)"
      )
    }
    try lock.check(loaded: try identifyPlugins(), path: path)
  }

  /// `stepwise.lock` beside the configuration's file.
  var standardLockFile: String {
    (baseDirectory.map { $0.isEmpty ? "/" : "\($0)/" } ?? "") + PluginLock.fileName
  }

  /// What the configuration is called in a lock file.
  var lockName: String { file.split(separator: "/").last.map(String.init) ?? file }
}
