import ArgumentParser
import Components
import PluginConformance
import PluginHost

/// `stepwise plugin reproduce`: a call that failed, again.
struct PluginReproduceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reproduce",
    abstract: "Run a call again that failed in a run or in `plugin fuzz`.",
    discussion:
      "The exit code is 1 where it fails again, and 0 where every item gets an outcome now."
  )

  @Argument(help: "The bundle: a folder with batch.jsonl and request.json.")
  var bundle: String

  @Option(help: "The plugin in place of the one that the bundle names: its folder or id.")
  var plugin: String?

  @Flag(help: "One JSON object.")
  var json = false

  private static func good(_ count: Int) -> String {
    count == 1 ? "the item has an outcome" : "all \(count) items have an outcome"
  }

  func run() throws {
    let call = try CallBundle(contentsOf: bundle)
    let target = try PluginTarget(plugin ?? call.manifestFile, component: call.plugin)
    let host = try CheckHost.own(library: target.library)
    let result = try Reproduction.run(
      call,
      in: bundle,
      manifestFile: target.subject(target.components[0], parameters: .null).manifestFile,
      libraryDirectories: [PluginTarget.libraryDirectory],
      on: host
    )
    if json {
      try StandardOutput.write(
        ParameterValue.object([
          ParameterEntry("plugin", .string(call.plugin)),
          ParameterEntry("then", .string(call.error)),
          ParameterEntry("now", result.failure.map { .string($0) } ?? .null),
        ]).json + "\n"
      )
    } else {
      let version = target.manifest.version.description
      let now = version == call.version ? version : "\(version), then \(call.version)"
      try StandardOutput.write(
        "\(call.plugin) \(now)\nthen: \(call.error.printable)\n"
          + "now:  \(result.failure.map(\.printable) ?? Self.good(result.outcomes.count))\n"
      )
    }
    if result.failure != nil { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}
