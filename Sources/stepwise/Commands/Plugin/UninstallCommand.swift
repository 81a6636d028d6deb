import ArgumentParser
import PluginPackages

/// `stepwise plugin uninstall`.
struct PluginUninstallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "uninstall",
    abstract:
      "Remove an installed plugin: its folder, its receipt, the private copies of its libraries.",
    discussion:
      "What stays is the newest version that its key has brought, so that an older one cannot come back."
  )

  @Argument(help: "ID[@VERSION], or the folder's name.")
  var plugin: String

  func run() throws {
    let receipt = try Installer().uninstall(plugin)
    try StandardOutput.write("removed \(receipt.id) \(receipt.version)\n")
  }
}
