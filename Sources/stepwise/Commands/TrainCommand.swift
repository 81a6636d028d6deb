import ArgumentParser
import Components
import Foundation
import RunStore
import Training

/// `stepwise train`: begins a run, or goes on with one.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a model, or go on with a run.",
    discussion: """
      Arguments of the form key.sub=value go over what CONFIG.yaml says. The first Ctrl-C finishes the \
      step and writes a checkpoint, the second stops at once.
      """
  )

  @Argument(help: "CONFIG.yaml, then key=value ...")
  var arguments: [String] = []

  @Option(help: "The directory of a run to go on with; its own configuration is used.")
  var resume: String?

  @Flag(help: "Resume although plugins or numerics are not those of the run: its bits will differ.")
  var acceptChanges = false

  @Flag(help: "One JSON object a line for each event.")
  var json = false

  @Flag(help: "Check everything, print the complete configuration, and train nothing.")
  var dryRun = false

  @Flag(help: "Print every configuration key with its type and default.")
  var helpConfig = false

  @Flag(help: .hidden)
  var helpConfigMarkdown = false

  func run() throws {
    if helpConfigMarkdown { return try StandardOutput.write(ConfigurationReference.markdown) }
    if helpConfig { return try StandardOutput.write(ConfigurationReference.text) }
    var session = TrainingSession(json: json)
    if let resume {
      if let extra = arguments.first(where: { !$0.contains("=") }) {
        throw ValidationError(
          "\(extra): --resume takes the run's own configuration. Give key=value arguments only."
        )
      }
      try session.resume(resume, overrides: arguments, acceptChanges: acceptChanges)
    } else {
      let loaded = try load()
      if dryRun { return try Self.check(loaded) }
      try session.begin(loaded, name: Self.name(of: loaded.file))
    }
  }

  private func load() throws -> LoadedConfiguration {
    guard let file = arguments.first, !file.contains("=") else {
      throw ValidationError("Name a CONFIG.yaml, or a run with --resume.")
    }
    return try RunConfiguration.load(
      yaml: try InputFile.text(file),
      file: file,
      overrides: Array(arguments.dropFirst())
    )
  }

  private static func check(_ loaded: LoadedConfiguration) throws {
    let notices = NoticeBoard()
    let composition = try RunComposition(loaded, notices: notices)
    for notice in notices.drain() { StandardError.write(notice) }
    try composition.checkParts()
    try StandardOutput.write(loaded.configuration.yaml)
  }

  /// `recipes/kk.yaml` makes runs called `kk`.
  private static func name(of file: String) -> String {
    URL(filePath: file).deletingPathExtension().lastPathComponent
  }
}
