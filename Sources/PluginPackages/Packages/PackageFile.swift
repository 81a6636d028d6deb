import PluginHost

/// The bytes of a package and of the signature beside it, read once: what is verified is what is unpacked.
public struct PackageFile: Sendable {
  /// How a package's file ends.
  public static let suffix = ".swplugin"

  /// Where it came from.
  public var path: String
  /// The package.
  public var bytes: [UInt8]
  /// The signature's file, where there is one.
  public var signature: [UInt8]?
  /// Public keys that lie beside it. They vouch for nothing until somebody trusts them.
  public var offeredKeys: [MinisignPublicKey]

  /// Creates a package from bytes that were read elsewhere.
  public init(
    path: String,
    bytes: [UInt8],
    signature: [UInt8]? = nil,
    offeredKeys: [MinisignPublicKey] = []
  ) {
    self.path = path
    self.bytes = bytes
    self.signature = signature
    self.offeredKeys = offeredKeys
  }

  /// Reads a package, its signature (`FILE.minisig`), and the public key that may lie beside it (`FILE.pub`, `minisign.pub`).
  ///
  /// - Throws: `PackageError` of the sort `file`.
  public init(contentsOf path: String, limits: ArchiveLimits = ArchiveLimits()) throws {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    self.init(path: path, bytes: try Self.read(path, limit: limits.packageSize))
    let signaturePath = path + MinisignSignature.suffix
    if Files.exists(signaturePath) {
      signature = try Self.read(signaturePath, limit: MinisignText.sizeLimit)
    }
    for name in [path + ".pub", folder + "minisign.pub"] where Files.exists(name) {
      // A file that happens to have this name and is no key offers none.
      guard let bytes = try? Files.read(name, limit: MinisignText.sizeLimit),
        let key = try? MinisignPublicKey(bytes, subject: name)
      else { continue }
      offeredKeys.append(key)
    }
  }

  private static func read(_ path: String, limit: Int) throws -> [UInt8] {
    do {
      return try Files.read(path, limit: limit)
    } catch {
      throw PackageError(.file, path, "\(error)")
    }
  }

  /// SHA-256 of the package.
  public var digest: String { sha256(bytes) }

  /// The signature, parsed; `nil` where there is none.
  ///
  /// - Throws: `PackageError`.
  public func parsedSignature() throws -> MinisignSignature? {
    try signature.map { try MinisignSignature($0, subject: path + MinisignSignature.suffix) }
  }
}
