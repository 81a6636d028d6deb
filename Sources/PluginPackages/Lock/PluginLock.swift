import Components
public import PluginHost

/// Which bytes of which plugins a configuration was written for. The file `stepwise.lock` has one of these for each configuration of
/// its folder.
public struct PluginLock: Sendable, Equatable {
  /// The plugin of one slot.
  public struct Entry: Codable, Sendable, Equatable {
    /// What it serves as: `strategy`, `prompts`, `rewards/NAME` ...
    public var slot: String
    /// Its id.
    public var id: String
    /// Its version.
    public var version: String
    /// SHA-256 of the code: the library or the Python file.
    public var digest: String
    /// SHA-256 of the manifest.
    public var manifestDigest: String
    /// The id of the key that signed the package it came from, or `nil`. Told, not compared: the bytes are what counts.
    public var signer: String?

    /// Creates an entry.
    public init(
      slot: String,
      id: String,
      version: String,
      digest: String,
      manifestDigest: String,
      signer: String? = nil
    ) {
      self.slot = slot
      self.id = id
      self.version = version
      self.digest = digest
      self.manifestDigest = manifestDigest
      self.signer = signer
    }
  }

  /// The plugins by slot.
  public var plugins: [Entry]

  /// Creates a lock; entries are sorted by slot.
  public init(_ plugins: [Entry]) {
    self.plugins = plugins.sorted { $0.slot.utf8.lexicographicallyPrecedes($1.slot.utf8) }
  }

  /// Creates a lock of what a run has loaded, or would load.
  public init(loaded: [(slot: String, plugin: LoadedPlugin)], store: TrustStore = TrustStore()) {
    self.init(
      loaded.map { slot, plugin in
        Entry(
          slot: slot,
          id: plugin.identity.id,
          version: plugin.identity.version,
          digest: plugin.identity.digest,
          manifestDigest: plugin.manifestDigest,
          signer: store.signer(manifestFile: plugin.manifestFile)
        )
      }
    )
  }

  /// What differs from the plugins that are there now, one line each; empty where nothing does.
  public func differences(from present: PluginLock) -> [String] {
    let old = Dictionary(plugins.map { ($0.slot, $0) }, uniquingKeysWith: { $1 })
    let new = Dictionary(present.plugins.map { ($0.slot, $0) }, uniquingKeysWith: { $1 })
    return Set(old.keys).union(new.keys).sorted().flatMap { slot -> [String] in
      switch (old[slot], new[slot]) {
      case (let old?, let new?): return Self.differences(slot, old, new)
      case (let old?, nil): return ["\(slot): \(old.id) \(old.version) in the lock, nothing now"]
      case (nil, let new?): return ["\(slot): nothing in the lock, \(new.id) \(new.version) now"]
      case (nil, nil): return []
      }
    }
  }

  private static func differences(_ slot: String, _ old: Entry, _ new: Entry) -> [String] {
    let fields = [
      ("id", old.id, new.id), ("version", old.version, new.version),
      ("code", old.digest, new.digest), ("manifest", old.manifestDigest, new.manifestDigest),
    ]
    return fields.filter { $0.1 != $0.2 }.map {
      "\(slot): \($0.0) is \($0.1) in the lock, \($0.2) now"
    }
  }

  /// Refuses plugins that are not those of the lock.
  ///
  /// - Parameters:
  ///   - loaded: the plugins by slot.
  ///   - path: the lock's file, for the message.
  /// - Throws: `PackageError` of the sort `locked` that names each difference.
  public func check(loaded: [(slot: String, plugin: LoadedPlugin)], path: String) throws {
    let found = differences(from: PluginLock(loaded: loaded))
    guard found.isEmpty else {
      throw PackageError(
        .locked,
        path,
        "the plugins are not those of the lock:\n  " + found.joined(separator: "\n  ") + "\n",
        cure: "install the versions of the lock, or lock these: stepwise plugin lock CONFIG"
      )
    }
  }
}

extension TrustStore {
  /// The id of the key that signed the package from which a plugin was installed; `nil` for any other plugin.
  public func signer(manifestFile: String) -> String? {
    let folder = Files.folder(of: Files.canonical(manifestFile))
    return (try? Receipts(folders).receipt(inFolder: folder))?.signer
  }
}
