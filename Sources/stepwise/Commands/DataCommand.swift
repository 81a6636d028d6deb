import ArgumentParser

/// `stepwise data`: looks at the rows that a run would train on.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Look at data before training on them.",
    subcommands: [DataPreviewCommand.self, DataCheckCommand.self]
  )
}
