import CStepwisePlugin

/// What a library offers to Stepwise. A plugin makes one and exports it, in one line at the top level of a file:
///
///     @c(stepwise_plugin_entry) public func entry() -> UnsafeRawPointer {
///       Plugin(id: "org.example.reward.length", version: "1.0.0", rewards: [Length.self]).exported
///     }
///
/// `id` and `version` are those of the manifest.
public struct Plugin {
  private let id: String
  private let version: String
  private let factories: [Factory]

  /// Lists what the library has.
  ///
  /// - Parameters:
  ///   - id: the plugin's id, reverse-DNS; also that of each component that has no id of its own.
  ///   - version: the plugin's semantic version.
  ///   - rewards: the types of its rewards.
  ///   - datasets: the types of its datasets.
  ///   - strategies: the types of its strategies.
  public init(
    id: String,
    version: String,
    rewards: [any BatchReward.Type] = [],
    datasets: [any AnyDataset.Type] = [],
    strategies: [any Strategy.Type] = []
  ) {
    self.id = id
    self.version = version
    self.factories =
      rewards.map { Factory(reward: $0, id: $0.id ?? id) }
      + datasets.map { Factory(dataset: $0, id: $0.id ?? id) }
      + strategies.map { Factory(strategy: $0, id: $0.id ?? id) }
  }

  /// The table that the entry function answers. It lives as long as the process.
  public var exported: UnsafeRawPointer {
    // The host calls the entry once for each image; what is allocated here is never freed because the host may read it until
    // the process ends.
    let tables = UnsafeMutablePointer<stepwise_factory>.allocate(capacity: max(factories.count, 1))
    for (index, factory) in factories.enumerated() {
      (tables + index).initialize(to: factory.table())
    }
    var plugin = stepwise_plugin()
    plugin.magic = STEPWISE_PLUGIN_MAGIC
    plugin.abi_major = UInt32(STEPWISE_ABI_MAJOR)
    plugin.abi_minor = UInt32(STEPWISE_ABI_MINOR)
    plugin.min_host_minor = 0
    plugin.struct_size = UInt32(MemoryLayout<stepwise_plugin>.stride)
    plugin.id = immortalText(id)
    plugin.version = immortalText(version)
    plugin.sdk = immortalText("Swift SDK \(STEPWISE_ABI_MAJOR).\(STEPWISE_ABI_MINOR)")
    plugin.factories = UnsafePointer(tables)
    plugin.factory_count = UInt64(factories.count)
    plugin.factory_stride = UInt64(MemoryLayout<stepwise_factory>.stride)
    let exported = UnsafeMutablePointer<stepwise_plugin>.allocate(capacity: 1)
    exported.initialize(to: plugin)
    return UnsafeRawPointer(exported)
  }
}
