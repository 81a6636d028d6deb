import ArgumentParser
import Components
import FoundationEssentials
import PluginHost

extension PluginTemplate.Language: ExpressibleByArgument {}

/// `stepwise plugin new`: a plugin to begin with.
struct PluginNewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Make a plugin to begin with: source, manifest, test, example and README.",
    discussion: """
      The folder is complete: it builds, passes its test and gives scores. Edit from there. \
      STEPWISE_TEMPLATES names another folder of templates.
      """
  )

  @Option(
    help: "What it is: reward, dataset or strategy.",
    transform: { text in
      guard let kind = ComponentKind(rawValue: text) else {
        throw ValidationError("\(text) is not reward, dataset or strategy.")
      }
      return kind
    }
  )
  var kind: ComponentKind

  @Option(help: "What it is written in; ffi is a plain C function without any of Stepwise.")
  var lang: PluginTemplate.Language

  @Argument(help: "Lower-case letters, digits and '-': names of files, last part of the id.")
  var name: String

  @Option(help: "The reverse-DNS id. Default: org.example.KIND.NAME.")
  var id: String?

  @Option(help: "The folder to make. Default: NAME.")
  var directory: String?

  func run() throws {
    let template: PluginTemplate
    do {
      template = try PluginTemplate(kind: kind, language: lang, name: name, id: id)
    } catch {
      throw UsageError(error: error)
    }
    let folder = directory ?? name
    try template.make(
      from: try InstallLayout.current.path(of: .templates),
      in: folder,
      swiftVersion: lang == .swift ? BuildTool.swiftVersion() : nil
    )
    let shown = ProcessPaths.shown(URL(filePath: folder, directoryHint: .isDirectory))
    let next = [
      ("\(ProcessPaths.program) plugin build \(shown) --test", "build it, run its own test"),
      ("\(ProcessPaths.program) plugin dev \(shown)", "what it answers, again on every save"),
    ]
    let width = next.map(\.0.count).max() ?? 0
    let lines = next.map { command, purpose in
      "  \(command)\(String(repeating: " ", count: width - command.count))  \(purpose)\n"
    }
    try StandardOutput.write(
      "\(shown) is the \(kind.rawValue) \(template.id), in \(lang.title). \(shown)/README.md says what to edit. Next:\n"
        + lines.joined()
    )
    if let missing = BuildTool.missing(in: folder) { StandardError.write("stepwise: \(missing)") }
  }
}
