import ArgumentParser
import Components
import FoundationEssentials
import PluginHost
import RunControl
import RunStore

/// `stepwise ctl RUN swap SLOT ID`.
struct ControlSwapCommand: ControlVerb {
  static let configuration = CommandConfiguration(
    commandName: "swap",
    abstract: "Put another plugin in a slot at the next step boundary.",
    discussion: """
      The newcomer is checked in a process of its own first; where it fails, the old one stays and the run goes \
      on. With --shadow it first plans or scores alongside for N steps, without any weight, and what would have \
      differed is reported.
      """
  )

  /// What follows the steps of a shadow.
  enum Ending: String, ExpressibleByArgument, CaseIterable {
    case commit
    case drop
  }

  @Argument(help: "strategy, prompts, demonstrations, or rewards/NAME.")
  var slot: String

  @Argument(
    help: ArgumentHelp(
      "The plugin: its id or the last part of it, with @VERSION for that one; or its folder.",
      valueName: "id"
    )
  )
  var plugin: String

  @Option(
    name: [.customLong("param"), .customLong("params")],
    help: "A parameter, as KEY=VALUE in YAML's syntax. May be given several times."
  )
  var parameters: [String] = []

  @Option(help: ArgumentHelp("Run alongside for so many steps first.", valueName: "steps"))
  var shadow: Int?

  @Option(help: "With --shadow, what follows: commit (default) or drop.")
  var then: Ending?

  @Flag(help: "Take the plugin's library as it is now, though it is the one that serves already.")
  var reload = false

  @Option(help: "Where the plugin runs: process or in-process; default: what its trust gives.")
  var isolation: String?

  @OptionGroup var options: ControlOptions

  func validate() throws {
    if slot.isEmpty { throw ValidationError("SLOT is empty.") }
    if plugin.isEmpty { throw ValidationError("ID is empty.") }
    if let shadow, shadow < 1 { throw ValidationError("--shadow: \(shadow) is not above 0.") }
    if then != nil, shadow == nil {
      throw ValidationError("--then says what follows a shadow: give --shadow, too.")
    }
    if let isolation, Isolation(rawValue: isolation) == nil {
      let choices = Isolation.allCases.map(\.rawValue).joined(separator: " or ")
      throw ValidationError("--isolation: \(isolation) is not \(choices).")
    }
    _ = try given()
  }

  func perform(on run: RunReference) throws {
    try ControlExchange(run, options).perform(try request())
  }

  func request() throws -> ControlRequest {
    var fields: Record = [
      "slot": .string(slot), "plugin": .string(located), "parameters": try given(),
      // Relative paths in parameters are those of who typed them, not of the run.
      "directory": .string(ProcessPaths.workingDirectory),
    ]
    if let shadow {
      fields["shadow"] = RecordValue(shadow)
      fields["then"] = .string((then ?? .commit).rawValue)
    }
    if reload { fields["reload"] = true }
    if let isolation { fields["isolation"] = .string(isolation) }
    return ControlRequest("swap", fields)
  }

  /// The run may have another working directory: a folder's path goes there as a whole.
  private var located: String {
    plugin.contains("/") ? URL(filePath: plugin).standardizedFileURL.path : plugin
  }

  private func given() throws -> RecordValue {
    let empty = LocatedValue(content: .table([]), origin: .commandLine("--param"))
    do throws(ConfigurationError) {
      return try RecordValue(try Overrides.apply(parameters, to: empty).plain)
    } catch {
      throw ValidationError("--param: \(error)")
    }
  }
}
