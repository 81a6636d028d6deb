import Components

/// Where a plugin's code runs, and what it is: this process, a worker process, a plain C function behind libffi. The catalog
/// chooses.
///
/// The image was verified before: its bytes have the digest, passed the ELF checks and lie in the private store.
protocol PluginTransport: Sendable {
  /// Brings a reward to life.
  func reward(_ request: ComponentRequest) throws(PluginError) -> LiveComponent<any RewardFunction>
  /// Brings a dataset to life.
  func dataset(_ request: ComponentRequest) throws(PluginError) -> LiveComponent<any Dataset>
  /// Brings a strategy to life.
  func strategy(
    _ request: ComponentRequest
  ) throws(PluginError) -> LiveComponent<any MixingStrategy>
}

/// A component that is ready for calls.
struct LiveComponent<Part> {
  let part: Part
  /// Gives it other values for changeable parameters; takes only the keys that change.
  let reconfigure: (ParameterValue) throws -> Void
}

/// Everything that is needed to bring one component to life.
struct ComponentRequest: Sendable {
  /// Who it is and where it comes from; its parameters are resolved.
  var plugin: LoadedPlugin
  /// What the manifest says of it.
  var component: PluginManifest.Component
  /// What its code is.
  var runtime = PluginManifest.Runtime.native
  /// Where relative paths among its parameters start; absolute.
  var baseDirectory: String
  /// The host's services.
  var services: HostServices
  /// Where the user wants the code to run.
  var isolation: Isolation?
  /// How many processes a reward gets.
  var workers = 1

  func error(
    _ problem: PluginError.Problem,
    hook: String? = nil,
    _ message: String,
    cure: String? = nil
  ) -> PluginError {
    PluginError(
      problem,
      plugin: component.id,
      file: plugin.libraryFile,
      hook: hook,
      message,
      cure: cure
    )
  }
}

/// Loads the library into this process: for what ships with Stepwise and what the user trusts. A crash of the plugin is a crash
/// of the host.
struct InProcessTransport: PluginTransport {
  func reward(_ request: ComponentRequest) throws(PluginError) -> LiveComponent<any RewardFunction>
  {
    let reward = try PluginReward(try source(request))
    return LiveComponent(part: reward) { try reward.source.reconfigure(reward.instance, $0) }
  }

  func dataset(_ request: ComponentRequest) throws(PluginError) -> LiveComponent<any Dataset> {
    let dataset = try PluginDataset(try source(request))
    return LiveComponent(part: dataset) { try dataset.source.reconfigure(dataset.instance, $0) }
  }

  func strategy(
    _ request: ComponentRequest
  ) throws(PluginError) -> LiveComponent<any MixingStrategy> {
    let strategy = try PluginStrategy(try source(request))
    return LiveComponent(part: strategy) { try strategy.source.reconfigure(strategy.instance, $0) }
  }

  private func source(_ request: ComponentRequest) throws(PluginError) -> InstanceSource {
    let image = try LoadedImage.load(
      path: request.plugin.imageFile,
      digest: request.plugin.identity.digest,
      plugin: request.component.id,
      file: request.plugin.libraryFile
    )
    return try InstanceSource(image: image, request: request)
  }
}
