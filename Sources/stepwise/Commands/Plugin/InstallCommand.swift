import ArgumentParser
import Glibc
import PluginPackages

/// `stepwise plugin install`.
struct PluginInstallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install",
    abstract: "Install a package, or a plugin of a registry.",
    discussion: """
      The signature is verified before anything is unpacked. A key that was never seen is shown, and trusted \
      only when you say so. Exit codes: 65 bad signature, 66 unsigned, 69 could not verify, 77 not trusted.
      """
  )

  @Argument(help: "A package's file; with --from, ID[@VERSION] or the last parts of an id.")
  var plugin: String

  @Option(help: ArgumentHelp("A registry: a folder, or an http(s) address.", valueName: "place"))
  var from: String?

  @Option(help: "The public key it must be signed by: a file, or the word that minisign -P takes.")
  var key: String?

  @Flag(help: "Ask nothing. The key must be trusted already, or given with --key.")
  var yes = false

  @Flag(help: "Take a package without a signature. It runs isolated.")
  var unsigned = false

  @Flag(help: "Remove the other versions of the plugin, or other bytes of the same version.")
  var replace = false

  @Flag(help: "Take a version below the newest that the same key has brought.")
  var allowDowngrade = false

  func run() throws {
    let package = try locate()
    let store = TrustStore()
    let signer = try decide(package, store)
    let outcome = try Installer().install(
      package,
      signer: signer,
      replace: replace,
      allowDowngrade: allowDowngrade
    )
    try report(outcome)
  }

  private func locate() throws -> PackageFile {
    if let from {
      let registry = Registry(from)
      let (entry, index) = try registry.find(plugin)
      return try registry.download(entry, index: index)
    }
    guard access(plugin, F_OK) == 0 else {
      throw PackageError(
        .notFound,
        plugin,
        "there is no such file",
        cure: "give a package's file, or a registry with --from"
      )
    }
    return try PackageFile(contentsOf: plugin)
  }

  /// Who vouches for the package, once the user agrees.
  private func decide(_ package: PackageFile, _ store: TrustStore) throws -> Signer {
    let given = try key.map(PublicKeyArgument.read)
    let verified: VerifiedPackage
    do {
      verified = try store.verify(package, given: given)
    } catch let error as PackageError where error.problem == .unsigned && unsigned && given == nil {
      StandardError.write(
        "stepwise: \(package.path): unsigned; who made it is not known. It runs isolated."
      )
      return .nobody
    }
    guard let signingKey = verified.signer.key else { return verified.signer }
    let id = signingKey.id.description
    if verified.standing == .stranger {
      try askAbout(signingKey, verified.signer, package)
      try store.add(signingKey)
    } else if given != nil, try store.key(id) == nil {
      try store.add(signingKey)
      StandardError.write(
        "stepwise: key \(id) is trusted from now on; see `stepwise plugin trust list`"
      )
    }
    return verified.signer
  }

  /// Trust on first use. Nobody to ask means no.
  private func askAbout(
    _ key: MinisignPublicKey,
    _ signer: Signer,
    _ package: PackageFile
  ) throws {
    let refusal = PackageError(
      .untrusted,
      package.path,
      "its key \(key.id) has not been seen here before",
      cure: "compare the key with its author's, then give it with --key, or trust it: "
        + "stepwise plugin trust add \(key.base64)"
    )
    guard !yes, let terminal = Terminal() else { throw refusal }
    StandardError.write(
      "\(package.path.printable) has a good signature, by a key that you have not trusted before:\n"
        + PackageReport.rows([
          ("  key id", key.id.description), ("  key", key.base64),
          ("  calls itself", key.comment.printable),
          ("  signed", signer.comment?.printable ?? ""),
        ])
        + "Compare the key with the one that its author publishes elsewhere: it came with the package."
    )
    guard terminal.confirms("Trust it, for this package and later ones?") else { throw refusal }
  }

  private func report(_ outcome: Installer.Outcome) throws {
    let receipt = outcome.receipt
    try StandardOutput.write(
      PackageReport.rows([
        (outcome.wasPresent ? "present" : "installed", "\(receipt.id) \(receipt.version)"),
        ("folder", Receipts().folder(of: receipt)),
        ("signer", receipt.signer.map { "key \($0)" } ?? "unsigned"),
      ])
    )
    for other in outcome.replaced { StandardError.write("stepwise: removed \(other.name)") }
    if let other = outcome.others.first {
      StandardError.write(
        "stepwise: \(other.id) \(other.version) is installed, too: name \(receipt.id)@\(receipt.version), or "
          + "remove the other with `stepwise plugin uninstall \(other.id)@\(other.version)`"
      )
    }
  }
}
