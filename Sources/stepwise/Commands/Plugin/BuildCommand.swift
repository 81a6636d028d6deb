import ArgumentParser
import PluginHost

/// `stepwise plugin build`: the plugin's Makefile, told where headers and SDK are.
struct PluginBuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Build a plugin from its source.",
    discussion: """
      Runs make in the folder, with STEPWISE_SDK, STEPWISE_INCLUDE and PKG_CONFIG_PATH set to those of \
      this Stepwise. Without it, `make` alone finds the same through `pkg-config stepwise-plugin`.
      """
  )

  @Argument(help: "The plugin's folder.")
  var directory = "."

  @Flag(help: "Then run the plugin's own test (make test).")
  var test = false

  func run() throws {
    let folder = try PluginFolder(directory)
    StopRequest.listen()
    switch try folder.make(test ? ["all", "test"] : []) {
    case .exited(0): break
    case nil: throw Interrupted()
    case .exited, .signalled:
      // The compiler has said why.
      throw ExitCode(ExitStatus.failed.rawValue)
    }
  }
}
