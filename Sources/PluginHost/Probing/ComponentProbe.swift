import CStepwisePlugin
package import Components

/// A component of a native library one level below the adapters, for the conformance suite: what the library says of itself, and
/// instances whose life the caller holds.
package final class ComponentProbe {
  private let source: InstanceSource

  /// Verifies and loads the library; makes no instance.
  package init(
    _ catalog: PluginCatalog,
    _ kind: ComponentKind,
    _ reference: PluginReference,
    services: HostServices = HostServices()
  ) throws(PluginError) {
    let request = try catalog.request(kind, reference, services)
    let image = try LoadedImage.load(
      path: request.plugin.imageFile,
      digest: request.plugin.identity.digest,
      plugin: request.component.id,
      file: request.plugin.libraryFile
    )
    source = try InstanceSource(image: image, request: request)
  }

  // MARK: - What the library says

  /// The plugin's id in the library.
  package var pluginID: String { displayString(source.image.plugin.id) }
  /// The lowest minor version of the ABI that it needs.
  package var minimumHostMinor: UInt32 { source.image.plugin.min_host_minor }
  /// The components that the library has.
  package var components: [(kind: ComponentKind?, id: String)] {
    source.image.factories.map { factory in
      (ComponentKind.allCases.first { $0.code == factory.table.kind }, factory.id)
    }
  }
  /// Whether calls of one instance may overlap.
  package var isThreadSafe: Bool {
    source.factory.table.concurrency == UInt32(STEPWISE_CONCURRENCY_THREAD_SAFE)
  }
  /// Whether it has `reconfigure`.
  package var canReconfigure: Bool { source.factory.table.reconfigure != nil }
  /// Whether it has `save` and `load`.
  package var hasState: Bool { source.factory.table.save != nil }
  /// The version of what `save` writes.
  package var stateVersion: UInt32 { source.factory.table.state_version }
  /// The complete parameters.
  package var parameters: ParameterValue { source.request.plugin.parameters }
  /// Where the library came from.
  package var libraryFile: String { source.request.plugin.libraryFile }

  /// What the plugin itself wrote of a state that an adapter saved, and the version that it wrote it under.
  package func payload(of saved: [UInt8]) throws(PluginError) -> (version: UInt32, bytes: [UInt8]) {
    let envelope = try source.envelope(saved)
    return (envelope.version, envelope.payload)
  }

  // MARK: - Instances

  /// Calls `create` and nothing else.
  package func create() throws(PluginError) -> ProbedInstance {
    ProbedInstance(try PluginInstance(source))
  }

  /// A new instance that is ready for calls.
  package func make() throws(PluginError) -> ProbedInstance {
    ProbedInstance(try source.make())
  }
}

/// One instance; it is destroyed when nobody holds it.
package final class ProbedInstance {
  private let instance: PluginInstance

  init(_ instance: PluginInstance) { self.instance = instance }

  /// Calls `init`.
  package func start() throws(PluginError) { try instance.start() }

  /// What `save` writes.
  package func save() throws(PluginError) -> [UInt8] { try instance.save() }

  /// Calls `load`, before `start`.
  ///
  /// - Parameter chunk: at most so many bytes are given at once.
  package func load(
    _ bytes: [UInt8],
    version: UInt32,
    chunk: Int = .max
  ) throws(PluginError) {
    try instance.load(bytes, version: version, chunk: chunk)
  }

  /// Calls `reconfigure` with a complete object.
  package func reconfigure(_ parameters: ParameterValue) throws(PluginError) {
    try instance.reconfigure(parameters.json)
  }
}

/// Calls `score` also for an empty batch, where the host takes a short cut; `nil` for a reward of another runtime.
package func scoreUncut(
  _ batch: RewardBatch,
  by reward: any RewardFunction
) throws(PluginError) -> [RewardOutcome]? {
  try (reward as? PluginReward)?.calledScore(batch)
}

/// Scores a batch whose completions are bytes in place of text, which no host passes to a reward; `nil` for another runtime.
package func scoreBytes(
  _ completion: [UInt8],
  in batch: RewardBatch,
  by reward: any RewardFunction
) throws(PluginError) -> [RewardOutcome]? {
  guard let reward = reward as? PluginReward else { return nil }
  let arena = CallArena()
  var view = batch.view(in: arena)
  let text = stepwise_text(
    data: arena.array(completion.map { CChar(bitPattern: $0) }),
    size: UInt64(completion.count)
  )
  let items = batch.items.indices.map { index in
    var item = view.items[index]
    item.completion = text
    item.completion_with_special_tokens = text
    return item
  }
  view.items = arena.array(items)
  let raw = try reward.score(view: &view, ids: batch.items.map(\.id))
  withExtendedLifetime(arena) {}
  do {
    return try raw.check(batch.items.indices, of: batch, description: reward.description)
  } catch {
    throw reward.source.request.error(error.fault, hook: "score", error.message, cure: error.cure)
  }
}

/// What a plugin's binary asks of the process, for the conformance suite.
package struct LibraryFacts: Sendable, Equatable {
  /// The symbols that it shows to others.
  package var definedSymbols: [String]
  /// Whether it was compiled with -fsanitize=address.
  package var isAddressSanitized: Bool
  /// The libraries that it needs.
  package var neededLibraries: [String]
  /// SHA-256 of its bytes.
  package var digest: String

  /// Reads a library without loading it.
  package init(contentsOf file: String) throws {
    let bytes = try Files.read(file, limit: 1 << 30)
    let image = try ELFImage(bytes)
    let symbols = try image.dynamicSymbols() ?? []
    definedSymbols = symbols.filter { $0.isDefined && $0.isVisible && !$0.isVersionName }
      .map(\.name).sorted()
    neededLibraries = image.neededLibraries
    digest = sha256(bytes)
    isAddressSanitized = Self.contains(bytes, Array("__asan_init".utf8))
  }

  private static func contains(_ bytes: [UInt8], _ pattern: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { bytes in
      var at = 0
      while at + pattern.count <= bytes.count {
        guard let next = bytes[at...].firstIndex(of: pattern[0]) else { return false }
        if bytes[next...].starts(with: pattern) { return true }
        at = next + 1
      }
      return false
    }
  }
}
