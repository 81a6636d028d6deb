import PluginHost

/// What was installed, from which bytes, and who signed them.
public struct Receipt: Codable, Sendable, Equatable {
  /// The plugin's folder below the plugins' folder: `ID-VERSION-DIGEST12`.
  public var name: String
  /// The plugin's id.
  public var id: String
  /// Its version.
  public var version: String
  /// SHA-256 of the package.
  public var packageDigest: String
  /// The package's file.
  public var packageFile: String
  /// The id of the key that signed it; `nil`: unsigned.
  public var signer: String?
  /// The signed comment.
  public var signedComment: String?
  /// When, ISO 8601 in UTC.
  public var installed: String
  /// SHA-256 of the manifest.
  public var manifestDigest: String
  /// SHA-256 of each file.
  public var files: [String: String]

  /// Its version, parsed.
  var semanticVersion: SemanticVersion? { SemanticVersion(version) }
}

/// The receipts of all installed plugins: `$XDG_DATA_HOME/stepwise/receipts`.
public struct Receipts: Sendable {
  let folders: StepwiseFolders

  /// The receipts in these folders.
  public init(_ folders: StepwiseFolders = .user) { self.folders = folders }

  func path(of name: String) -> String { "\(folders.receipts)/\(name).json" }

  /// Every receipt, by folder name.
  public func all() throws -> [Receipt] {
    try (Files.names(in: folders.receipts) ?? []).filter { $0.hasSuffix(".json") }
      .compactMap { try JSONFile.read(Receipt.self, from: "\(folders.receipts)/\($0)") }
  }

  /// The receipt for a plugin's folder; `nil` where it was not installed from a package.
  ///
  /// - Parameter folder: links resolved.
  func receipt(inFolder folder: String) throws -> Receipt? {
    guard Files.folder(of: folder) == Files.canonical(folders.plugins) else { return nil }
    let name = Files.lastPart(folder)
    guard let receipt = try JSONFile.read(Receipt.self, from: path(of: name)) else { return nil }
    guard receipt.name == name else {
      throw PackageError(.file, path(of: name), "it is the receipt of \(receipt.name)")
    }
    return receipt
  }

  /// The receipt of the plugin in a folder, links allowed; `nil` where it was not installed from a package.
  public func receipt(at folder: String) throws -> Receipt? {
    try receipt(inFolder: Files.canonical(folder))
  }

  /// The receipts that `ID`, `ID@VERSION`, an id's last part or a folder's name stand for.
  public func named(_ name: String) throws -> [Receipt] {
    let parts = name.split(separator: "@", maxSplits: 1).map(String.init)
    let wanted = parts.first ?? ""
    let all = try all()
    var found = all.filter { $0.id == wanted || $0.name == name }
    if found.isEmpty {
      found = all.filter { $0.id.split(separator: ".").last.map(String.init) == wanted }
    }
    return found.filter { parts.count < 2 || $0.version == parts[1] || $0.name == name }
  }

  /// The folder of an installed plugin.
  public func folder(of receipt: Receipt) -> String { "\(folders.plugins)/\(receipt.name)" }

  /// What of an installed plugin's files is not as it was installed; `nil` where all is.
  public func problem(of receipt: Receipt) -> PackageError? {
    let folder = folder(of: receipt)
    func changed(_ message: String) -> PackageError {
      PackageError(
        .malformed,
        receipt.name,
        message,
        cure: "install it again: stepwise plugin install PACKAGE --replace"
      )
    }
    for (name, digest) in receipt.files.sorted(by: { $0.key < $1.key }) {
      guard let bytes = try? Files.read("\(folder)/\(name)", limit: ArchiveLimits().totalSize)
      else {
        return changed("\(name) is missing")
      }
      let found = sha256(bytes)
      if found != digest { return changed("\(name) has the SHA-256 \(found), not \(digest)") }
    }
    if let extra = Self.files(in: folder).first(where: { receipt.files[$0] == nil }) {
      return changed("\(extra) was not installed with it")
    }
    return nil
  }

  private static func files(in folder: String, below prefix: String = "") -> [String] {
    // What a Python plugin's interpreter makes beside it is not the package's.
    let names = (Files.names(in: "\(folder)/\(prefix)") ?? []).filter {
      $0 != "__pycache__" && $0 != ".venv"
    }
    return names.flatMap { name in
      Files.isFolder("\(folder)/\(prefix)\(name)")
        ? files(in: folder, below: "\(prefix)\(name)/") : ["\(prefix)\(name)"]
    }
  }
}
