import PluginHost

/// What the store says when a plugin is about to be loaded.
extension TrustStore {
  /// Whether a plugin may run inside the process of the run.
  ///
  /// It may where the user has said so: of its folder (`trust add --plugin`), or of the key that signed the package from which it was
  /// installed (`trust add --in-process`), as long as that key is not revoked and the installed bytes are those of the receipt.
  /// Any doubt, an unreadable record included, means no.
  ///
  /// - Parameters:
  ///   - manifestFile: the plugin's `plugin.yaml`.
  ///   - digest: SHA-256 of the library that is loaded.
  public func isTrusted(manifestFile: String, digest: String) -> Bool {
    let folder = Files.folder(of: Files.canonical(manifestFile))
    guard let manifestDigest = try? Self.manifestDigest(in: folder) else { return false }
    if let trusted = try? self.folder(folder) {
      if trusted.anyBuild { return true }
      if trusted.manifestDigest == manifestDigest, trusted.digests.contains(digest) { return true }
    }
    guard let receipt = try? Receipts(folders).receipt(inFolder: folder),
      receipt.manifestDigest == manifestDigest, Self.brought(receipt, digest, in: folder),
      let signer = receipt.signer, let key = try? self.key(signer)
    else { return false }
    return key.standing != .revoked && key.inProcess && !key.isExpired(at: .now)
  }

  /// Why an installed plugin must not be loaded at all, isolated or not: its key is revoked, or one of its files is not what was
  /// installed. `nil` where nothing is against it. Plugins that were not installed from a package are nobody's business here.
  ///
  /// - Parameter manifestFile: the plugin's `plugin.yaml`.
  public func refusal(manifestFile: String) -> PackageError? {
    let folder = Files.folder(of: Files.canonical(manifestFile))
    let receipts = Receipts(folders)
    do {
      guard let receipt = try receipts.receipt(inFolder: folder) else { return nil }
      if let problem = receipts.problem(of: receipt) { return problem }
      guard let signer = receipt.signer, let key = try self.key(signer), key.standing == .revoked
      else { return nil }
      return PackageError(
        .untrusted,
        receipt.name,
        "it is signed by key \(signer), which is revoked\(key.reason.map { " (\($0))" } ?? "")",
        cure: "uninstall it, and get a package by another key"
      )
    } catch {
      return error as? PackageError ?? PackageError(.file, folder, "\(error)")
    }
  }

  /// Whether the code that is to be loaded is the package's. A manifest that names a function of a system library brings no code.
  private static func brought(_ receipt: Receipt, _ digest: String, in folder: String) -> Bool {
    if receipt.files.values.contains(digest) { return true }
    let file = folder + "/" + PluginManifest.fileName
    guard let manifest = try? PluginManifest(contentsOf: file),
      case .cFunction(let signature) = manifest.runtime
    else { return false }
    return signature.library != nil
  }
}
