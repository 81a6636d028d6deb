import ArgumentParser
import Components
import PluginHost

/// `stepwise plugin inspect`: what a manifest says. Nothing is loaded.
struct PluginInspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a plugin's manifest says: components, parameters, libraries, digests."
  )

  @Argument(help: "A plugin's folder, or its manifest.")
  var file = "."

  @Flag(help: "One JSON object.")
  var json = false

  func run() throws {
    guard let manifest = try PluginDoctor.manifest(at: file) else {
      throw ValidationError(
        "\(file) is no folder and no manifest. For a library alone, use `stepwise plugin doctor`."
      )
    }
    if json { return try StandardOutput.write(manifest.value.json + "\n") }
    let device = TerminalDevice()
    try StandardOutput.write(
      ManifestText(manifest).lines.map { $0.ansi(colour: device.hasColour) + "\n" }.joined()
    )
  }
}
