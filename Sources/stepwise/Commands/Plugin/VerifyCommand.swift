import ArgumentParser
import Glibc
import PluginHost
import PluginPackages

/// `stepwise plugin verify`.
struct PluginVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a package, an installed plugin or a plugin's folder.",
    discussion: """
      A package: its signature, then every file in it. An installed plugin: every file against its receipt, \
      and its signer. A folder (with a slash in its path, or "."): its manifest, and the libraries that it gives digests for. Exit codes: 65 bad \
      signature, 66 unsigned, 69 could not verify, 77 the key is revoked, replaced or expired.
      """
  )

  @Argument(help: "A package, the folder of a plugin, or an installed plugin's ID[@VERSION].")
  var path: String

  @Option(help: "The public key it must be signed by: a file, or the word that minisign -P takes.")
  var key: String?

  func run() throws {
    let rows: [(String, String)]
    if path.hasSuffix(PackageFile.suffix) {
      rows = try package()
    } else if InstalledPlugin.isPath(path), access(path + "/" + PluginManifest.fileName, F_OK) == 0
    {
      rows = try folder()
    } else {
      rows = try installed(try InstalledPlugin.named(path))
    }
    try StandardOutput.write(PackageReport.rows(rows + [("result", "good")]))
  }

  private func package() throws -> [(String, String)] {
    let package = try PackageFile(contentsOf: path)
    let store = TrustStore()
    let verified = try store.verify(package, given: try key.map(PublicKeyArgument.read))
    guard verified.standing == .trusted else {
      throw PackageError(
        .unverified,
        path,
        "it is signed by key \(verified.signer.id ?? ""), which lies beside it and which nobody has vouched for",
        cure:
          "compare the key with its author's, then give it with --key or `stepwise plugin trust add`"
      )
    }
    let contents = try PackageContents(unpacking: package.bytes, subject: path)
    return PackageReport.manifest(contents.manifest)
      + (try PackageReport.signer(verified.signer, store: store))
      + [("files", "\(contents.files.count), all as \(contents.checksumFile) says")]
  }

  private func folder() throws -> [(String, String)] {
    let canonical = path.hasSuffix("/") ? String(path.dropLast()) : path
    if let receipt = try InstalledPlugin.at(canonical) { return try installed(receipt) }
    let manifest = try PluginManifest(contentsOf: canonical + "/" + PluginManifest.fileName)
    try PluginFolderCheck.check(manifest)
    return PackageReport.manifest(manifest) + [("signature", "a folder has none")]
  }

  private func installed(_ receipt: Receipt) throws -> [(String, String)] {
    let receipts = Receipts()
    let folder = receipts.folder(of: receipt)
    if let problem = receipts.problem(of: receipt) { throw problem }
    let manifest = try PluginManifest(contentsOf: folder + "/" + PluginManifest.fileName)
    if let refusal = TrustStore().refusal(manifestFile: manifest.file) {
      throw refusal
    }
    guard let signer = receipt.signer else {
      throw PackageError(
        .unsigned,
        receipt.name,
        "it was installed from an unsigned package; its files are those that were installed",
        cure: "it runs isolated; get a signed package from its author"
      )
    }
    if let given = try key.map(PublicKeyArgument.read), given.id.description != signer {
      throw PackageError(
        .unverified,
        receipt.name,
        "it was signed by key \(signer), not by \(given.id)",
        cure: "give the key \(signer)"
      )
    }
    return PackageReport.manifest(manifest) + PackageReport.receipt(receipt, folder: folder)
      + [("files", "\(receipt.files.count), all as installed")]
  }
}
