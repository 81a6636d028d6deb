import ArgumentParser
import Components
import RunControl

/// `stepwise ctl RUN COMMAND ...`: steers a run that is going.
///
/// The run stands before the command, as people say it. ArgumentParser has its subcommands first; so this command takes the run
/// and hands the other words to a root of its own, whose subcommands are the commands.
struct ControlCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ctl",
    abstract: "Steer a run that is going.",
    usage: "stepwise ctl <run> <command> [<argument> ...]",
    discussion: """
      RUN is a run's directory, the name of a run below ./runs, or `latest`: the run below ./runs that was begun \
      or gone on with last.

      COMMANDS:
      \(ControlVerbs.list)

      See `stepwise ctl RUN COMMAND --help` for what a command takes. Changes take effect at the next step \
      boundary, and each is written into journal.jsonl. Exit codes: 0 done, 1 refused or not reachable, 64 wrong \
      usage.
      """
  )

  @Argument(
    help: ArgumentHelp("A run's directory, its name below ./runs, or `latest`.", valueName: "run")
  )
  var name: String

  @Argument(
    parsing: .captureForPassthrough,
    help: ArgumentHelp("What to do, with what it needs.", valueName: "command")
  )
  var words: [String] = []

  func validate() throws {
    if name.hasPrefix("-") {
      throw ValidationError("\(name) stands in the place of RUN: options follow the command.")
    }
    guard words.isEmpty else { return }
    throw ValidationError(
      ControlVerbs.names.contains(name)
        ? "\(name) is a command, and RUN comes before it: `stepwise ctl latest \(name)`."
        : "What shall \(name) do? The commands: \(ControlVerbs.names.joined(separator: ", "))."
    )
  }

  func run() throws {
    let verb: any ControlVerb
    do {
      verb = try ControlVerbs.parse(words)
    } catch {
      // Worded, with the usage of the command that was meant, by its own parser.
      ControlVerbs.exit(withError: error)
    }
    try verb.perform(on: try RunReference(name))
  }
}

/// Something that a run can be asked for.
protocol ControlVerb: ParsableCommand {
  var options: ControlOptions { get }

  func perform(on run: RunReference) throws
}

extension ControlVerb {
  /// Asks the run for what the command is called, without anything more.
  func perform(on run: RunReference) throws {
    let name = Self.configuration.commandName ?? ""
    try ControlExchange(run, options).perform(ControlRequest(name))
  }
}

/// The commands as ArgumentParser sees them.
struct ControlVerbs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stepwise ctl RUN",
    abstract: "Steer a run that is going.",
    subcommands: commands
  )

  private static let commands: [any ControlVerb.Type] = [
    ControlStatusCommand.self, ControlPauseCommand.self, ControlResumeCommand.self,
    ControlStopCommand.self, ControlCheckpointCommand.self, ControlSwapCommand.self,
    ControlSetCommand.self, ControlRollbackCommand.self, ControlDropCommand.self,
    ControlHistoryCommand.self,
  ]

  static let names = commands.compactMap { $0.configuration.commandName }

  /// One line for each.
  static let list = commands.map { command in
    let name = command.configuration.commandName ?? ""
    let blanks = String(repeating: " ", count: max(1, 12 - name.count))
    return "  \(name)\(blanks)\(command.configuration.abstract)"
  }.joined(separator: "\n")

  /// - Throws: what `exit(withError:)` words.
  static func parse(_ words: [String]) throws -> any ControlVerb {
    if let first = words.first, !first.hasPrefix("-"), first != "help", !names.contains(first) {
      let meant = nearestName(to: first, among: names).map { " Did you mean \($0)?" } ?? ""
      throw ValidationError(
        "There is no command \(first).\(meant) The commands: \(names.joined(separator: ", "))."
      )
    }
    var command = try parseAsRoot(words)
    if let verb = command as? any ControlVerb { return verb }
    // `help` or no command: running it throws what there is to show.
    try command.run()
    throw CleanExit.helpRequest(ControlVerbs.self)
  }
}

/// What every command takes.
struct ControlOptions: ParsableArguments {
  @Flag(help: "The answer as one line of JSON, also where it is a refusal.")
  var json = false

  @Option(help: "Give up waiting after so many seconds; the run may still do what was asked.")
  var timeout: Double?

  func validate() throws {
    if let timeout, !(timeout > 0 && timeout < 1e9) {
      throw ValidationError("--timeout: \(timeout) is not a number of seconds above 0.")
    }
  }
}
