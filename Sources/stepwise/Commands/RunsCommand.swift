import ArgumentParser

/// `stepwise runs ...`: looking at runs, comparing them, and going on from them.
struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs",
    abstract: "Look at runs, compare them, ask other rewards about them.",
    discussion: """
      RUN is the directory of a run, the name of one below ./runs, or `latest`. Everything here may be \
      asked of a run that is going.
      """,
    subcommands: looking + proving
  )

  /// What reads runs and changes nothing.
  private static let looking: [any ParsableCommand.Type] = [
    RunsListCommand.self, RunsShowCommand.self, RunsCompareCommand.self, RunsRescoreCommand.self,
  ]

  /// What makes runs of its own.
  private static let proving: [any ParsableCommand.Type] = [
    RunsBranchCommand.self, RunsReplayCommand.self, RunsVerifyResumeCommand.self,
  ]
}
