public import Components
import Glibc

/// The plugins on a search path. Listing and inspecting read manifests only; nothing is loaded until a `load` function is called.
public struct PluginCatalog: Sendable {
  /// The variable that holds further folders, separated by colons.
  public static let pathVariable = "STEPWISE_PLUGIN_PATH"

  /// A component and the manifest that declares it.
  struct Entry: Sendable {
    var manifest: PluginManifest
    var manifestDigest: String
    var component: PluginManifest.Component
  }

  let entries: [Entry]
  /// Manifests that could not be read, and folders that are not there.
  public let problems: [PluginError]
  let libraryDirectories: [String]
  let store: ImageStore
  private let policy: IsolationPolicy

  /// Reads the manifests of all plugins.
  ///
  /// - Parameters:
  ///   - searchPaths: folders of plugins, or of folders of plugins, in the order in which they are listed.
  ///   - libraryDirectories: where a library is looked for that does not lie beside its manifest, as in a build folder.
  ///   - imageDirectory: where private copies are kept; `nil`: see `ImageStore`.
  ///   - policy: whose code may run in this process; by default nobody's.
  public init(
    searchPaths: [String],
    libraryDirectories: [String] = [],
    imageDirectory: String? = nil,
    policy: IsolationPolicy = IsolationPolicy()
  ) {
    var entries: [Entry] = []
    var problems: [PluginError] = []
    var seen: Set<String> = []
    for path in searchPaths {
      guard Files.names(in: path) != nil else {
        problems.append(
          PluginError(
            .file,
            plugin: path,
            file: path,
            "the folder of the search path cannot be opened",
            cure: "create it, or take it off the path"
          )
        )
        continue
      }
      for file in Self.manifests(in: path) where seen.insert(Files.canonical(file)).inserted {
        do throws(PluginError) {
          entries += try Self.entries(of: file)
        } catch {
          problems.append(error)
        }
      }
    }
    self.entries = entries
    self.problems = problems
    self.libraryDirectories = libraryDirectories
    self.store = ImageStore(directory: imageDirectory)
    self.policy = policy
  }

  /// The folders of `STEPWISE_PLUGIN_PATH`, in order.
  public static var environmentSearchPaths: [String] {
    guard let value = getenv(pathVariable) else { return [] }
    return String(cString: value).split(separator: ":").map(String.init)
  }

  private static func manifests(in path: String) -> [String] {
    let own = path + "/" + PluginManifest.fileName
    if Files.exists(own) { return [own] }
    return (Files.names(in: path) ?? []).map { "\(path)/\($0)/\(PluginManifest.fileName)" }
      .filter(Files.exists)
  }

  private static func entries(of file: String) throws(PluginError) -> [Entry] {
    let manifest = try PluginManifest(contentsOf: file)
    let digest: String
    do {
      digest = sha256(try Files.read(file, limit: 1 << 20))
    } catch {
      throw PluginError(.manifest, plugin: manifest.id, file: file, String(describing: error))
    }
    return manifest.components.map {
      Entry(manifest: manifest, manifestDigest: digest, component: $0)
    }
  }

  /// Every component, in the order of the search path.
  public func list() -> [PluginSummary] {
    entries.map { entry in
      PluginSummary(
        id: entry.component.id,
        kind: entry.component.kind,
        version: entry.manifest.version.description,
        summary: entry.component.summary,
        manifestFile: entry.manifest.file,
        libraryFile: library(of: entry.manifest),
        parameters: entry.component.parameters,
        runtime: entry.manifest.runtime.name,
        isolation: isolation(of: entry)
      )
    }
  }

  /// Where a component's code runs where nobody asks for another place.
  private func isolation(of entry: Entry) -> Isolation? {
    guard let file = library(of: entry.manifest) else { return nil }
    if case .python = entry.manifest.runtime { return .process }
    let digest = (try? Files.read(file, limit: 1 << 30)).map { sha256($0) } ?? ""
    return policy.trusts(Files.canonical(entry.manifest.file), digest) ? .inProcess : .process
  }

  /// The manifests, each once.
  public func manifests() -> [PluginManifest] {
    var seen: Set<String> = []
    return entries.map(\.manifest).filter { seen.insert($0.file).inserted }
  }

  // MARK: - Loading

  /// Loads a reward.
  ///
  /// - Throws: `PluginError`, `ParameterProblem` wrapped in one included.
  public func loadReward(
    _ reference: PluginReference,
    services: HostServices = HostServices()
  ) throws(PluginError) -> LoadedComponent<any RewardFunction> {
    let request = try request(.reward, reference, services)
    let live = try transport(for: request).reward(request)
    return LoadedComponent(live.part, request.plugin, change: live.reconfigure)
  }

  /// Loads a dataset.
  public func loadDataset(
    _ reference: PluginReference,
    services: HostServices = HostServices()
  ) throws(PluginError) -> LoadedComponent<any Dataset> {
    let request = try request(.dataset, reference, services)
    let live = try transport(for: request).dataset(request)
    return LoadedComponent(live.part, request.plugin, change: live.reconfigure)
  }

  /// Loads a strategy.
  public func loadStrategy(
    _ reference: PluginReference,
    services: HostServices = HostServices()
  ) throws(PluginError) -> LoadedComponent<any MixingStrategy> {
    let request = try request(.strategy, reference, services)
    let live = try transport(for: request).strategy(request)
    return LoadedComponent(live.part, request.plugin, change: live.reconfigure)
  }

  /// Which component a reference stands for, and which bytes: all that loading it would find out before any of its code runs.
  public func identify(
    _ kind: ComponentKind,
    _ reference: PluginReference
  ) throws(PluginError) -> LoadedPlugin {
    try request(kind, reference, HostServices()).plugin
  }

  /// How a component is brought to life: decided by its manifest and by how far it is trusted.
  private func transport(
    for request: ComponentRequest
  ) throws(PluginError) -> any PluginTransport {
    // A Python plugin is in a process of its own anyway, whoever wrote it.
    if case .python(let module) = request.runtime { return PythonTransport(module: module) }
    switch try policy.isolation(of: request) {
    case .process: return WorkerTransport(policy: policy)
    case .inProcess:
      if case .cFunction = request.runtime {
        return FunctionTransport(probe: WorkerTransport(policy: policy))
      }
      if try sharesVariables(request) {
        request.services.log(
          .warning,
          request.plugin.label,
          "runs in a process of its own: another build of it is in this one, and its unique symbols would be that build's "
            + "(compile with -fno-gnu-unique)"
        )
        return WorkerTransport(policy: policy)
      }
      return InProcessTransport()
    }
  }

  /// Whether a new build would go on with the variables of one that is in this process: the dynamic linker gives symbols that are
  /// unique in a process (static variables of C++ templates and inline functions) to whoever came first.
  private func sharesVariables(_ request: ComponentRequest) throws(PluginError) -> Bool {
    let plugin = request.plugin
    guard LoadedImage.hasAnotherBuild(of: request.component.id, than: plugin.identity.digest) else {
      return false
    }
    do {
      let image = try ELFImage(try Files.read(plugin.imageFile, limit: .max))
      return try image.dynamicSymbols()?.contains { $0.isUnique && $0.isDefined } ?? true
    } catch {
      throw request.error(.file, "\(plugin.imageFile): \(error)")
    }
  }

  /// The complete parameters of a component, checked, without loading it. Paths are absolute and lead to something.
  public func resolveParameters(
    _ kind: ComponentKind,
    _ reference: PluginReference
  ) throws(PluginError) -> ParameterValue {
    try resolveParameters(try resolve(kind, reference.name), reference)
  }

  private func resolveParameters(
    _ entry: Entry,
    _ reference: PluginReference
  ) throws(PluginError) -> ParameterValue {
    let schema = entry.component.parameters
    do {
      let complete = try schema.resolve(reference.parameters)
      return try schema.resolvePaths(in: complete, from: reference.absoluteBaseDirectory)
    } catch {
      throw PluginError(
        .parameters,
        plugin: entry.component.id,
        file: entry.manifest.file,
        "parameter '\(error.key)' \(error.message)",
        cure: error.cure
      )
    }
  }

  func request(
    _ kind: ComponentKind,
    _ reference: PluginReference,
    _ services: HostServices
  ) throws(PluginError) -> ComponentRequest {
    let entry = try resolve(kind, reference.name)
    let parameters = try resolveParameters(entry, reference)
    let image = try verifiedImage(entry)
    let plugin = LoadedPlugin(
      identity: ComponentIdentity(
        id: entry.component.id,
        version: entry.manifest.version.description,
        digest: image.digest
      ),
      kind: kind,
      label: reference.label ?? Self.shortName(entry.component.id),
      manifestFile: Files.canonical(entry.manifest.file),
      manifestDigest: entry.manifestDigest,
      libraryFile: image.file,
      imageFile: image.copy,
      parameters: parameters,
      isReproducible: entry.manifest.determinism != .none
    )
    try policy.admit(plugin)
    return ComponentRequest(
      plugin: plugin,
      component: entry.component,
      runtime: entry.manifest.runtime,
      baseDirectory: reference.absoluteBaseDirectory,
      services: services,
      isolation: reference.isolation,
      workers: reference.workers
    )
  }

  static func shortName(_ id: String) -> String {
    id.lastIndex(of: ".").map { String(id[id.index(after: $0)...]) } ?? id
  }
}

// MARK: - Libraries

extension PluginCatalog {
}
