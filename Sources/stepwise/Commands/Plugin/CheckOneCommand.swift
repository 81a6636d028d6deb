import ArgumentParser
import PluginConformance

/// `stepwise plugin check-one`: the process in which one thing is tried. Not for people.
struct PluginCheckOneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-one",
    abstract: "Do one job of check, fuzz, bench, diff or reproduce.",
    shouldDisplay: false
  )

  @Argument(help: "The job, as JSON.")
  var job: String

  func run() throws { CheckChild.run(job) }
}
