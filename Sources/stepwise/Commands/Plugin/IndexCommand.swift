import ArgumentParser
import PluginPackages

/// `stepwise plugin index`: makes a registry of a folder.
struct PluginIndexCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "index",
    abstract: "Write index.json for a folder of packages: then it is a registry.",
    discussion: "Any static web server that serves the folder makes it a registry for others."
  )

  @Argument(help: "The folder.")
  var folder = "."

  func run() throws {
    let index = try RegistryIndex(folder: folder)
    try index.write(to: folder)
    try StandardOutput.write(
      PackageReport.rows(
        index.packages.map { entry in
          ("\(entry.id) \(entry.version)", entry.signer.map { "key \($0)" } ?? "unsigned")
        }
      ) + "\(index.packages.count) packages in \(folder)/\(RegistryIndex.fileName)\n"
    )
  }
}
