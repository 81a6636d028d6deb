import PluginHost

/// `index.json` of a registry: a folder, or the same folder behind any static HTTP server.
public struct RegistryIndex: Codable, Sendable, Equatable {
  /// A package.
  public struct Entry: Codable, Sendable, Equatable {
    /// The plugin's id.
    public var id: String
    /// Its version.
    public var version: String
    /// What it does.
    public var summary: String
    /// The package's file, relative to the index.
    public var file: String
    /// SHA-256 of the package.
    public var sha256: String
    /// Its bytes.
    public var size: Int
    /// The id of the key that its signature names, or `nil` for none.
    public var signer: String?
    /// The machines that it runs on; empty for any.
    public var variants: [Variant]
  }

  /// A machine that a package runs on.
  public struct Variant: Codable, Sendable, Equatable {
    /// `linux`.
    public var os: String
    /// `x86_64` or `aarch64`.
    public var arch: String
    /// The newest glibc that it needs.
    public var libc: String?
    /// The processor that it needs.
    public var cpu: String?
    /// The Swift version that it was built with.
    public var swift: String?
  }

  /// A public key, for who has none yet. It vouches for nothing until somebody trusts it.
  public struct Key: Codable, Sendable, Equatable {
    /// Its id.
    public var id: String
    /// As `minisign -P` takes it.
    public var publicKey: String
    /// The comment of its file.
    public var comment: String
  }

  /// The version of the form.
  public var index = 1
  /// The packages, by id and version.
  public var packages: [Entry]
  /// The keys that lie in the folder.
  public var keys: [Key]

  /// The name of the file.
  public static let fileName = "index.json"

  /// Makes the index of a folder's packages.
  ///
  /// - Throws: `PackageError` for a package that cannot be read: the author of the registry is the one to mend it.
  public init(folder: String) throws {
    packages = []
    keys = []
    guard let names = Files.names(in: folder) else {
      throw PackageError(.registry, folder, "the folder cannot be opened", cure: "give its path")
    }
    for name in names where name.hasSuffix(PackageFile.suffix) {
      let package = try PackageFile(contentsOf: "\(folder)/\(name)")
      let contents = try PackageContents(unpacking: package.bytes, subject: package.path)
      let signature = try package.parsedSignature()
      for key in package.offeredKeys where key.id == signature?.keyID { insert(key) }
      let entry = Entry(contents, package, signature, file: name)
      if let same = packages.first(where: { $0.id == entry.id && $0.version == entry.version }) {
        throw PackageError(
          .conflict,
          folder,
          "\(same.file) and \(name) are both \(entry.id) \(entry.version)",
          cure: "keep one of them"
        )
      }
      packages.append(entry)
    }
    packages.sort {
      ($0.id, SemanticVersion($0.version)!) < ($1.id, SemanticVersion($1.version)!)
    }
  }

  private mutating func insert(_ key: MinisignPublicKey) {
    let new = Key(id: key.id.description, publicKey: key.base64, comment: key.comment)
    if !keys.contains(where: { $0.publicKey == new.publicKey }) { keys.append(new) }
  }

  /// Reads an index.
  init(_ bytes: [UInt8], subject: String) throws {
    self = try JSONFile.decode(RegistryIndex.self, bytes, subject: subject)
    guard index == 1 else {
      throw PackageError(.registry, subject, "it has the form \(index)", cure: "update Stepwise")
    }
  }

  /// Writes `index.json` into the folder.
  public func write(to folder: String) throws {
    try JSONFile.write(self, to: "\(folder)/\(Self.fileName)")
  }
}

extension RegistryIndex.Entry {
  fileprivate init(
    _ contents: PackageContents,
    _ package: PackageFile,
    _ signature: MinisignSignature?,
    file: String
  ) {
    let manifest = contents.manifest
    self.init(
      id: manifest.id,
      version: manifest.version.description,
      summary: manifest.summary,
      file: file,
      sha256: package.digest,
      size: package.bytes.count,
      signer: signature?.keyID.description,
      variants: manifest.variants.map {
        RegistryIndex.Variant(os: $0.os, arch: $0.arch, libc: $0.libc, cpu: $0.cpu, swift: $0.swift)
      }
    )
  }
}
