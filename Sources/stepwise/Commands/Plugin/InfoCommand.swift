import ArgumentParser
import Components
import Glibc
import PluginHost
import PluginPackages

/// `stepwise plugin info`: all that a manifest says, and where the plugin comes from. Nothing is loaded.
struct PluginInfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "What a plugin is, takes and comes from.",
    discussion: "Shows a package also where its signature is bad or its key unknown, and says so."
  )

  @Argument(
    help: "A plugin's id, its last part, a package's file, or a folder (with a slash, or \".\")."
  )
  var plugin: String

  func run() throws {
    if plugin.hasSuffix(PackageFile.suffix), access(plugin, F_OK) == 0 { return try showPackage() }
    let manifest = try find()
    var rows = PackageReport.manifest(manifest) + [("folder", manifest.directory)]
    if let receipt = try InstalledPlugin.at(manifest.directory) {
      rows += PackageReport.receipt(receipt, folder: manifest.directory)
      if let signer = receipt.signer, let key = try TrustStore().key(signer) {
        rows.append(("key", PackageReport.describe(key)))
      }
    }
    try StandardOutput.write(PackageReport.rows(rows) + Self.parameters(manifest))
  }

  private func showPackage() throws {
    let package = try PackageFile(contentsOf: plugin)
    let store = TrustStore()
    let signature: [(String, String)]
    do {
      let verified = try store.verify(package)
      signature = try PackageReport.signer(verified.signer, store: store)
    } catch let error as PackageError where error.problem == .badSignature {
      // Nothing of such a file is unpacked.
      throw error
    } catch let error as PackageError {
      signature = [("signature", "\(error.problem.word ?? "not known"): \(error.message)")]
    }
    let contents = try PackageContents(unpacking: package.bytes, subject: plugin)
    try StandardOutput.write(
      PackageReport.rows(
        PackageReport.manifest(contents.manifest) + signature + [
          ("sha256", package.digest),
          ("files", contents.files.keys.sorted().joined(separator: ", ")),
        ]
      ) + Self.parameters(contents.manifest)
    )
  }

  private func find() throws -> PluginManifest {
    if InstalledPlugin.isPath(plugin) {
      return try PluginManifest(contentsOf: plugin + "/" + PluginManifest.fileName)
    }
    let parts = plugin.split(separator: "@", maxSplits: 1).map(String.init)
    let name = parts.first ?? ""
    let found = PluginCatalog.standard.manifests().filter { manifest in
      let ids = [manifest.id] + manifest.components.map(\.id)
      return ids.contains { $0 == name || $0.hasSuffix("." + name) }
        && (parts.count < 2 || manifest.version.description == parts[1])
    }
    guard let manifest = found.first else {
      throw PackageError(
        .notFound,
        plugin,
        "there is no such plugin",
        cure: "stepwise plugin list shows what there is"
      )
    }
    guard found.count == 1 else {
      let names = found.map { "\($0.id)@\($0.version)" }.joined(separator: ", ")
      throw PackageError(
        .notFound,
        plugin,
        "\(found.count) plugins answer to it: \(names)",
        cure: "give ID@VERSION"
      )
    }
    return manifest
  }

  private static func parameters(_ manifest: PluginManifest) -> String {
    manifest.components.map { component in
      let rows = component.parameters.parameters.map { parameter in
        let value = parameter.defaultValue.map { "default \($0.json)" }
        let need = value ?? (parameter.isRequired ? "required" : "optional")
        return (
          "  \(parameter.name)", "\(parameter.type.rawValue), \(need)  \(parameter.description)"
        )
      }
      guard !rows.isEmpty else { return "" }
      return "\nparameters of \(component.kind.rawValue) \(component.id)\n"
        + PackageReport.rows(rows)
    }.joined()
  }
}
