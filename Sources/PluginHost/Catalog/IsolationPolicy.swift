import Components

/// Whose code may run in this process, and what runs the others'.
public struct IsolationPolicy: Sendable {
  /// The program that runs one plugin; `nil`: the one that was installed with this program.
  public var workerExecutable: String?
  /// What lies in these folders came with Stepwise and is trusted.
  public var shippedDirectories: [String]
  /// Whether the user trusts a plugin: its manifest, and the SHA-256 of its library (empty where it has none).
  public var isTrusted: @Sendable (_ manifestFile: String, _ digest: String) -> Bool
  /// Why a plugin must not be loaded at all, isolated or not; `nil` where nothing is against it.
  public var refusal: @Sendable (_ manifestFile: String) -> PluginRefusal?
  /// How long a plugin may take to load and to come to life.
  public var startBudget: Duration
  /// By how much a worker may grow, in bytes, before another takes its place.
  public var growthLimit: Int

  /// Creates a policy; by default nothing is trusted.
  public init(
    workerExecutable: String? = nil,
    shippedDirectories: [String] = [],
    startBudget: Duration = .seconds(60),
    growthLimit: Int = 1 << 30,
    isTrusted: @escaping @Sendable (_ manifestFile: String, _ digest: String) -> Bool = { _, _ in
      false
    },
    refusal: @escaping @Sendable (_ manifestFile: String) -> PluginRefusal? = { _ in nil }
  ) {
    self.workerExecutable = workerExecutable
    self.shippedDirectories = shippedDirectories.map(Files.canonical)
    self.startBudget = startBudget
    self.growthLimit = growthLimit
    self.refusal = refusal
    self.isTrusted = isTrusted
  }

  /// Every plugin may run in this process: for tests, and for tools that are in a process of their own.
  public static let trustingAll = IsolationPolicy { _, _ in true }

  /// Lets a plugin be loaded, wherever its code is to run.
  ///
  /// - Throws: `PluginError` of the sort `notTrusted`.
  func admit(_ plugin: LoadedPlugin) throws(PluginError) {
    guard let refusal = refusal(plugin.manifestFile) else { return }
    throw PluginError(
      .notTrusted,
      plugin: plugin.identity.id,
      file: plugin.manifestFile,
      refusal.message,
      cure: refusal.cure
    )
  }

  /// Where a plugin's code runs.
  ///
  /// - Throws: `PluginError` where the user wants it in this process and it is not trusted.
  func isolation(of request: ComponentRequest) throws(PluginError) -> Isolation {
    let plugin = request.plugin
    if request.isolation == .process { return .process }
    if trusts(plugin.manifestFile, plugin.identity.digest) { return .inProcess }
    guard request.isolation == .inProcess else { return .process }
    throw request.error(
      .notTrusted,
      "it is neither shipped with Stepwise nor trusted, so that it may not run in this process",
      cure:
        "run `stepwise plugin trust add --plugin \(Files.folder(of: plugin.manifestFile))`, or leave `isolation` out"
    )
  }

  /// Whether a plugin came with Stepwise, or the user trusts it.
  func trusts(_ manifestFile: String, _ digest: String) -> Bool {
    shippedDirectories.contains { manifestFile.utf8.starts(with: "\($0)/".utf8) }
      || isTrusted(manifestFile, digest)
  }

  /// The worker's program.
  func worker(for request: ComponentRequest) throws(PluginError) -> String {
    if let workerExecutable { return workerExecutable }
    do throws(MissingPart) {
      return try InstallLayout.current.path(of: .worker)
    } catch {
      throw request.error(.isolation, "its process cannot be started: \(error)")
    }
  }
}

/// Why a plugin must not be loaded, and what to do about it.
public struct PluginRefusal: Sendable, Equatable {
  /// What is against it.
  public var message: String
  /// What to do about it.
  public var cure: String?

  /// Creates a refusal.
  public init(message: String, cure: String? = nil) {
    self.message = message
    self.cure = cure
  }
}
