import PluginHost

/// A plugin's folder that the user has declared trusted, for plugins that were not installed from a package.
public struct TrustedFolder: Codable, Sendable, Equatable {
  /// The folder, links resolved.
  public var path: String
  /// Whether whatever is built there is trusted, not only the bytes that were there.
  public var anyBuild: Bool
  /// SHA-256 of the manifest when it was trusted.
  public var manifestDigest: String
  /// SHA-256 of the code that was there: libraries, Python files.
  public var digests: [String]
  /// When, ISO 8601 in UTC.
  public var since: String
}

extension TrustStore {
  private func path(ofFolder folder: String) -> String {
    "\(folders.trust)/plugins/\(sha256(Array(folder.utf8)).prefix(32)).json"
  }

  /// The folders that the user trusts.
  public func trustedFolders() throws -> [TrustedFolder] {
    try (Files.names(in: folders.trust + "/plugins") ?? []).filter { $0.hasSuffix(".json") }
      .compactMap { try JSONFile.read(TrustedFolder.self, from: "\(folders.trust)/plugins/\($0)") }
      .sorted { $0.path < $1.path }
  }

  /// Trusts a plugin's folder: the bytes that are there now, or whatever is built there.
  @discardableResult
  public func addFolder(_ folder: String, anyBuild: Bool = false) throws -> TrustedFolder {
    let canonical = Files.canonical(folder)
    let manifest = try PluginManifest(contentsOf: canonical + "/" + PluginManifest.fileName)
    var digests: Set<String> = []
    for variant in manifest.variants {
      guard let bytes = try? Files.read("\(canonical)/\(variant.file)", limit: 1 << 30) else {
        continue
      }
      digests.insert(sha256(bytes))
    }
    if let digest = Self.pythonDigest(manifest) { digests.insert(digest) }
    guard anyBuild || !digests.isEmpty else {
      throw PackageError(
        .file,
        folder,
        "there is no library to trust yet",
        cure: "build it first, or trust whatever is built there with --any-build"
      )
    }
    let trusted = TrustedFolder(
      path: canonical,
      anyBuild: anyBuild,
      manifestDigest: try Self.manifestDigest(in: canonical),
      digests: digests.sorted(),
      since: Timestamp.now.text
    )
    try JSONFile.write(trusted, to: path(ofFolder: canonical))
    return trusted
  }

  /// Takes the trust in a folder back.
  public func removeFolder(_ folder: String) throws {
    let file = path(ofFolder: Files.canonical(folder))
    guard Files.exists(file) else {
      throw PackageError(.notFound, folder, "this folder is not trusted")
    }
    try Files.removeTree(file)
  }

  func folder(_ path: String) throws -> TrustedFolder? {
    try JSONFile.read(TrustedFolder.self, from: self.path(ofFolder: path))
  }

  /// SHA-256 of a Python plugin's code, as a run records it; `nil` for other plugins.
  static func pythonDigest(_ manifest: PluginManifest) -> String? {
    guard case .python(let module) = manifest.runtime,
      let sources = try? PythonSources(entry: "\(manifest.directory)/\(module.file)")
    else { return nil }
    return (try? sources.image()).map(sha256)
  }

  static func manifestDigest(in folder: String) throws -> String {
    sha256(try Files.read(folder + "/" + PluginManifest.fileName, limit: 1 << 20))
  }
}
