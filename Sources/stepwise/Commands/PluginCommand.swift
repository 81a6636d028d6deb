import ArgumentParser
import Components
import PluginHost

/// `stepwise plugin ...`.
struct PluginCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugin",
    abstract: "Rewards, datasets and strategies.",
    subcommands: [
      PluginNewCommand.self, PluginBuildCommand.self, PluginDevCommand.self,
      PluginCallCommand.self, PluginCheckCommand.self, PluginFuzzCommand.self,
      PluginReproduceCommand.self, PluginBenchCommand.self, PluginDiffCommand.self,
      PluginInspectCommand.self, PluginDoctorCommand.self, PluginListCommand.self,
      PluginInfoCommand.self, PluginPackCommand.self, PluginKeygenCommand.self,
      PluginSignCommand.self, PluginVerifyCommand.self, PluginTrustCommand.self,
      PluginInstallCommand.self, PluginUninstallCommand.self, PluginIndexCommand.self,
      PluginLockCommand.self, PluginCheckOneCommand.self,
    ]
  )
}

/// `stepwise plugin list`: what is on the search path. Nothing is loaded to know it.
struct PluginListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "The plugins on the search path.",
    discussion: """
      The search path is STEPWISE_PLUGIN_PATH (folders separated by colons), then plugins/ beside the \
      executable, ../lib/stepwise/plugins, and stepwise/plugins in the user's data directory.
      """
  )

  @Option(help: "Only this kind: reward, dataset or strategy.")
  var kind: String?

  @Flag(help: "One JSON object a line.")
  var json = false

  func validate() throws {
    if let kind, ComponentKind(rawValue: kind) == nil {
      throw ValidationError("--kind: \(kind) is not reward, dataset or strategy.")
    }
  }

  func run() throws {
    let catalog = PluginCatalog.standard
    let plugins = catalog.list().filter { kind == nil || $0.kind.rawValue == kind }
    if json {
      try StandardOutput.write(plugins.map { Self.value(of: $0).json + "\n" }.joined())
    } else {
      try show(plugins)
    }
    for problem in catalog.problems { StandardError.write("stepwise: \(problem)") }
    if !catalog.problems.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
  }

  private func show(_ plugins: [PluginSummary]) throws {
    guard !plugins.isEmpty else {
      return try StandardOutput.write(
        "No plugins in \(ProcessPaths.pluginSearchPaths.joined(separator: ", ")).\n"
      )
    }
    let device = TerminalDevice()
    var table = TextTable(columns: [
      .init(title: "kind"), .init(title: "id"), .init(title: "version"), .init(title: "code"),
      .init(title: "runs"),
      .init(title: "summary"),
    ])
    for kind in ComponentKind.allCases {
      for plugin in plugins where plugin.kind == kind {
        let missing = plugin.libraryFile == nil ? " (no library for this machine)" : ""
        table.rows.append([
          Span(kind.rawValue, .quiet), Span(plugin.id.printable, .strong),
          Span(plugin.version), Span(plugin.runtime, .quiet),
          Span(plugin.isolation?.rawValue ?? "", .quiet), Span(plugin.summary.printable + missing),
        ])
      }
    }
    let columns = device.form == .screen ? device.size.columns : .max
    let lines = table.lines(rule: device.glyphs.barRest)
    try StandardOutput.write(
      lines.map { $0.clipped(to: columns).ansi(colour: device.hasColour) + "\n" }.joined()
    )
  }

  private static func value(of plugin: PluginSummary) -> ParameterValue {
    .object([
      ParameterEntry("kind", .string(plugin.kind.rawValue)),
      ParameterEntry("id", .string(plugin.id)), ParameterEntry("version", .string(plugin.version)),
      ParameterEntry("summary", .string(plugin.summary)),
      ParameterEntry("manifest", .string(plugin.manifestFile)),
      ParameterEntry("runtime", .string(plugin.runtime)),
      ParameterEntry("isolation", plugin.isolation.map { .string($0.rawValue) } ?? .null),
      ParameterEntry("library", plugin.libraryFile.map(ParameterValue.string) ?? .null),
    ])
  }
}
