import ArgumentParser
import PluginPackages

/// `stepwise plugin trust ...`.
struct PluginTrustCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trust",
    abstract: "Whose packages may be installed, and what may run inside a run's process.",
    subcommands: [
      PluginTrustAddCommand.self, PluginTrustListCommand.self, PluginTrustRevokeCommand.self,
      PluginTrustForgetCommand.self,
    ]
  )
}

/// `stepwise plugin trust add`.
struct PluginTrustAddCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Trust a key, or a plugin's folder.",
    discussion: """
      A trusted key lets its packages be installed; the plugins run isolated. --in-process lets them run \
      inside the run's process, which they can read, change and crash. --plugin trusts the bytes that are in \
      a folder now to run in-process; with --any-build, whatever is built there.
      """
  )

  @Argument(help: "A public key: a file, or the word that minisign -P takes.")
  var key: String?

  @Option(help: ArgumentHelp("A plugin's folder.", valueName: "folder"))
  var plugin: String?

  @Flag(help: "With --plugin: also what is built there later.")
  var anyBuild = false

  @Flag(help: "What the key signs may run inside the run's process.")
  var inProcess = false

  @Option(help: ArgumentHelp("The id of the key whose place it takes.", valueName: "key id"))
  var replaces: String?

  @Option(
    help: ArgumentHelp(
      "The last day on which new packages by it are accepted.",
      valueName: "YYYY-MM-DD"
    )
  )
  var expires: String?

  @Option(help: "What you call it; default: the file's own comment.")
  var comment: String?

  func validate() throws {
    guard (key == nil) != (plugin == nil) else {
      throw ValidationError("Give a public key, or a folder with --plugin.")
    }
    if plugin != nil, inProcess || replaces != nil || expires != nil || comment != nil {
      throw ValidationError("--in-process, --replaces, --expires and --comment are for keys.")
    }
    if key != nil, anyBuild { throw ValidationError("--any-build is for --plugin.") }
  }

  func run() throws {
    let store = TrustStore()
    if let plugin {
      let trusted = try store.addFolder(plugin, anyBuild: anyBuild)
      let what = anyBuild ? "whatever is built there" : "the bytes that are there now"
      return try StandardOutput.write("trusted to run in-process: \(what), in \(trusted.path)\n")
    }
    let trusted = try store.add(
      try PublicKeyArgument.read(key ?? ""),
      comment: comment,
      inProcess: inProcess,
      expires: expires,
      replaces: replaces
    )
    try StandardOutput.write("key \(trusted.id)  \(PackageReport.describe(trusted))\n")
  }
}

/// `stepwise plugin trust list`.
struct PluginTrustListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "The keys and folders that were decided on."
  )

  func run() throws {
    let store = TrustStore()
    let keys = try store.keys().map { ("key \($0.id)", PackageReport.describe($0)) }
    let folders = try store.trustedFolders().map { folder in
      (
        "folder",
        "\(folder.path): \(folder.anyBuild ? "any build" : "the bytes of \(folder.since)")"
      )
    }
    if keys.isEmpty, folders.isEmpty {
      return try StandardOutput.write("No key and no folder is trusted.\n")
    }
    try StandardOutput.write(PackageReport.rows(keys + folders))
  }
}

/// `stepwise plugin trust revoke`.
struct PluginTrustRevokeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Revoke a key: nothing that it signed is installed or loaded any more.",
    discussion:
      "With --plugin the trust in a folder is taken back instead; its plugin runs isolated again."
  )

  @Argument(help: "A key's id, its file, or the word that minisign -P takes.")
  var key: String?

  @Option(help: ArgumentHelp("A plugin's folder.", valueName: "folder"))
  var plugin: String?

  @Option(help: "Why; it is shown with every refusal.")
  var reason: String?

  func validate() throws {
    guard (key == nil) != (plugin == nil) else {
      throw ValidationError("Give a key, or a folder with --plugin.")
    }
  }

  func run() throws {
    let store = TrustStore()
    if let plugin {
      try store.removeFolder(plugin)
      return try StandardOutput.write("no longer trusted: \(plugin)\n")
    }
    let id = try PluginTrustForgetCommand.id(key ?? "")
    let revoked = try store.revoke(id, reason: reason)
    let disabled = try Receipts().all().filter { $0.signer == id }
    try StandardOutput.write("key \(revoked.id)  \(PackageReport.describe(revoked))\n")
    for receipt in disabled {
      StandardError.write("stepwise: \(receipt.name) is signed by it and is not loaded any more")
    }
  }
}

/// `stepwise plugin trust forget`.
struct PluginTrustForgetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forget",
    abstract: "Forget a key, also a revoked one: its packages are a stranger's again."
  )

  @Argument(help: "A key's id, its file, or the word that minisign -P takes.")
  var key: String

  func run() throws {
    let id = try Self.id(key)
    try TrustStore().forget(id)
    try StandardOutput.write("forgotten: key \(id)\n")
  }

  /// The id that a person gave, or that of the key that they gave.
  static func id(_ text: String) throws -> String {
    if let id = KeyID(text) { return id.description }
    return try PublicKeyArgument.read(text).id.description
  }
}
