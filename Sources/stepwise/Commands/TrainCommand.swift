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
      Without a CONFIG.yaml a recipe is trained: a small model from scratch on Knights-and-Knaves \
      puzzles, or what --recipe names. Arguments of the form key.sub=value go over the configuration. The \
      first Ctrl-C finishes the step and writes a checkpoint, the second stops at once.
      """
  )

  @Argument(help: "CONFIG.yaml, then key=value ...")
  var arguments: [String] = []

  @Option(help: "The directory of a run to go on with; its own configuration is used.")
  var resume: String?

  @Flag(help: "Resume although plugins or numerics are not those of the run: its bits will differ.")
  var acceptChanges = false

  @Option(
    help:
      "The lock file that must name the plugins; default: stepwise.lock beside CONFIG.yaml, if it does."
  )
  var locked: String?

  @Flag(help: "One JSON object a line for each event.")
  var json = false

  @Flag(help: "Check everything, print the complete configuration, and train nothing.")
  var dryRun = false

  @Option(help: "A recipe that ships: \(Recipe.allCases.map(\.rawValue).joined(separator: ", ")).")
  var recipe: String?

  @Option(help: "The files of the recipe gsm8k: a folder with train.jsonl and test.jsonl.")
  var data: String?

  @Flag(help: "The recipe, cut down to a minute or two.")
  var smoke = false

  @Flag(help: "Print every configuration key with its type and default.")
  var helpConfig = false

  @Flag(help: .hidden)
  var helpConfigMarkdown = false

  @Option(help: .hidden)
  var picture: String?

  func run() throws {
    if helpConfigMarkdown { return try StandardOutput.write(ConfigurationReference.markdown) }
    if helpConfig { return try StandardOutput.write(ConfigurationReference.text) }
    var session = TrainingSession(json: json)
    session.picture = picture
    if let resume {
      if let extra = arguments.first(where: { !$0.contains("=") }) {
        throw ValidationError(
          "\(extra): --resume takes the run's own configuration. Give key=value arguments only."
        )
      }
      try session.resume(resume, overrides: arguments, acceptChanges: acceptChanges)
    } else {
      let loaded = try load()
      try loaded.checkLock(locked)
      if dryRun { return try Self.check(loaded) }
      try session.begin(loaded, name: Self.name(of: loaded.file))
    }
  }

  private func load() throws -> LoadedConfiguration {
    if let file = arguments.first, !file.contains("=") {
      if smoke || recipe != nil || data != nil {
        throw ValidationError("--recipe, --data and --smoke are for recipes: leave out \(file).")
      }
      return try RunConfiguration.load(
        yaml: try InputFile.text(file),
        file: file,
        overrides: Array(arguments.dropFirst())
      )
    }
    let name = recipe ?? Recipe.knightsAndKnaves.rawValue
    let names = Recipe.allCases.map(\.rawValue)
    guard let recipe = Recipe(rawValue: name) else {
      let near = nearestName(to: name, among: names).map { " Did you mean \($0)?" } ?? ""
      throw ValidationError(
        "There is no recipe \(name); there are \(names.joined(separator: ", ")).\(near)"
      )
    }
    let text: (yaml: String, file: String)
    do throws(RecipeError) {
      text = try recipe.configuration(data: data)
    } catch {
      throw ValidationError(error.message)
    }
    return try RunConfiguration.load(
      yaml: text.yaml,
      file: text.file,
      overrides: (smoke ? recipe.smoke : []) + arguments
    )
  }

  private static func check(_ loaded: LoadedConfiguration) throws {
    let notices = NoticeBoard()
    let composition = try RunComposition(loaded, notices: notices)
    for notice in notices.drain() { StandardError.write(notice) }
    try composition.checkParts()
    try ScheduleCheck.check(composition)
    try StandardOutput.write(loaded.configuration.yaml)
  }

  /// `recipes/kk.yaml` makes runs called `kk`.
  private static func name(of file: String) -> String {
    URL(filePath: file).deletingPathExtension().lastPathComponent
  }
}
