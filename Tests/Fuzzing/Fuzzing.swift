import ArgumentParser
import Foundation

/// `stepwise-fuzz`: broken files for the readers of files, to see that each gets an error and none a crash.
@main
struct Fuzzing: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stepwise-fuzz",
    abstract: "Feeds mutated inputs to a reader of files.",
    discussion: """
      A worker process makes and runs inputs; the input that it works on is in a file first, so that one that \
      brings the process down stays behind. Inputs that lead to a new outcome are mutated further. The same \
      seed makes the same inputs, as long as none is stopped by its limits. Results are printed as JSON.
      """,
    subcommands: [RunCommand.self, ReplayCommand.self, WorkCommand.self],
    defaultSubcommand: RunCommand.self
  )
}

/// What a run and its worker take.
struct FuzzOptions: ParsableArguments {
  @Argument(help: "tokenizer, template, jsonl, safetensors or config.")
  var target: TargetName

  @Option(help: "How long to run.")
  var seconds: Double = 60

  @Option(help: "What the inputs are drawn from.")
  var seed: UInt64 = 1

  @Option(help: "Most processor time of one input, in seconds.")
  var timeLimit = 10

  @Option(help: "Most memory of the worker, in MiB.")
  var memoryLimit = 2048

  @Option(help: "Where inputs are kept; default: a new folder under /tmp.")
  var folder: String?
}

/// `stepwise-fuzz TARGET`.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "run", abstract: "Runs a target.")

  @OptionGroup var options: FuzzOptions

  func run() throws {
    let folder = options.folder ?? "/tmp/stepwise-fuzz-\(options.target)-\(getpid())"
    var supervisor = try FuzzSupervisor(options, folder: FuzzFolder(path: folder))
    let result = try supervisor.run()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    print(String(decoding: try encoder.encode(result), as: UTF8.self))
    if !result.crashes.isEmpty { throw ExitCode(1) }
  }
}

/// `stepwise-fuzz replay TARGET FILE`: runs one input in this process, for a debugger.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Runs one input in this process."
  )

  @Argument(help: "The target.") var target: TargetName
  @Argument(help: "The input's file.") var file: String

  func run() throws {
    let input = [UInt8](try Data(contentsOf: URL(filePath: file)))
    let target = try target.make()
    do {
      print("accepted: \(try target.run(input, file: file))")
    } catch {
      print("refused: \(error)")
    }
  }
}

/// What the supervisor starts.
struct WorkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "work", shouldDisplay: false)

  @OptionGroup var options: FuzzOptions
  @Option var first: UInt64

  func run() throws {
    var worker = try FuzzWorker(options, folder: FuzzFolder(path: options.folder ?? "."))
    try worker.run(from: first)
  }
}
