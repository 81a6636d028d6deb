import ArgumentParser
import Foundation
import RunStore
import Training

/// `stepwise runs branch`.
struct RunsBranchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "branch",
    abstract: "Go on from a checkpoint as another run, with a change.",
    discussion: """
      The branch shares the run's past: its curves begin with the run's, and `runs compare` tells where they \
      part. What is changed is written into its journal, so that `runs replay` repeats it.
      """
  )

  @Argument(
    help: ArgumentHelp(
      "A run: its directory, its name below ./runs, or `latest`.",
      valueName: "run"
    )
  )
  var name: String

  @Argument(help: "key=value ..., over the run's configuration from there on.")
  var arguments: [String] = []

  @Option(help: "The checkpoint's step; default: the newest.")
  var at: Int?

  @Option(help: "Another strategy from there on; its parameters as strategy.parameters.KEY=VALUE.")
  var strategy: String?

  @Option(name: .shortAndLong, help: "Where the branch goes; default: RUN-branch.")
  var output: String?

  @Flag(help: "One JSON object a line for each event.")
  var json = false

  @Flag(help: "Make the branch, and do not train it.")
  var prepare = false

  func validate() throws {
    if let wrong = arguments.first(where: { !$0.contains("=") }) {
      throw ValidationError("\(wrong) is not of the form key=value.")
    }
  }

  func run() throws {
    let source = try RunReference(name)
    let branch = try RunBranch(source: source, step: at, output: output).make()
    let path = ProcessPaths.shown(branch.url)
    StandardError.write("stepwise: \(path) branches from \(source.shown) at step \(branch.step)")
    let changes = (strategy.map { ["strategy=\($0)"] } ?? []) + arguments
    let session = TrainingSession(json: json)
    let stretch: TrainingSession.Stretch
    do {
      stretch = try session.reopen(
        branch.url.path,
        overrides: changes,
        acceptChanges: false,
        who: "branch of \(source.shown) at step \(branch.step)",
        keepsPlugins: true
      )
    } catch {
      try? RunCopy.remove(branch.url)
      throw error
    }
    if prepare {
      try stretch.trainer.writeCheckpoint()
      return
    }
    try session.train(stretch)
  }
}
