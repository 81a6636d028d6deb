import ArgumentParser
import Components
import Foundation
import PluginConformance
import PluginHost

/// The plugin that a command is about: its manifest, and which of its components.
struct PluginTarget {
  let manifest: PluginManifest
  let components: [PluginManifest.Component]

  /// Finds a plugin.
  ///
  /// - Parameters:
  ///   - name: its folder, its manifest, its id or the last part of that, or the id of one of its components.
  ///   - component: only the component of this id.
  init(_ name: String, component: String? = nil) throws {
    let file = PluginManifest.fileName
    var wanted = component
    if FileManager.default.fileExists(atPath: "\(name)/\(file)") {
      manifest = try PluginManifest(contentsOf: "\(name)/\(file)")
    } else if name.hasSuffix(file) || name.contains("/") || name == "." {
      let path = name.hasSuffix(file) ? name : "\(name)/\(file)"
      manifest = try PluginManifest(contentsOf: path)
    } else {
      let found = try Self.installed(name)
      manifest = try PluginManifest(contentsOf: found.manifestFile)
      if wanted == nil, found.id != manifest.id { wanted = found.id }
    }
    components = manifest.components.filter { wanted == nil || $0.id == wanted }
    guard !components.isEmpty else {
      let ids = manifest.components.map(\.id).joined(separator: ", ")
      throw ValidationError("\(manifest.file) has no component \(wanted ?? ""); it has \(ids).")
    }
  }

  private static func installed(_ name: String) throws -> PluginSummary {
    let parts = name.split(separator: "@", maxSplits: 1).map(String.init)
    let all = PluginCatalog.standard.list()
    let found = all.filter { plugin in
      (plugin.id == parts[0] || plugin.id.hasSuffix("." + parts[0]))
        && (parts.count < 2 || plugin.version == parts[1])
    }
    let files = Set(found.map(\.manifestFile))
    guard let first = found.first, files.count == 1 else {
      let places = files.isEmpty ? "" : ": \(files.sorted().joined(separator: ", "))"
      throw ValidationError(
        "\(name) is no folder with a \(PluginManifest.fileName), and \(files.count) plugins of that "
          + "name are on the search path\(places). See `stepwise plugin list`."
      )
    }
    return first
  }

  /// The library for this machine, where there is one.
  var library: String? {
    guard let variant = manifest.hostVariant else { return nil }
    let name = variant.file.split(separator: "/").last.map(String.init) ?? variant.file
    let places = ["\(manifest.directory)/\(variant.file)", "\(Self.libraryDirectory)/\(name)"]
    return places.first { FileManager.default.fileExists(atPath: $0) }
  }

  /// Where the build puts libraries.
  static var libraryDirectory: String { ProcessPaths.executableDirectory }

  /// A component as the conformance suite takes it.
  ///
  /// - Parameter parameters: in place of those of the manifest's example, with paths from the working directory.
  func subject(
    _ component: PluginManifest.Component,
    parameters: ParameterValue,
    batchFile: String? = nil
  ) -> CheckSubject {
    CheckSubject(
      manifestFile: Self.absolute(manifest.file),
      kind: component.kind,
      component: component.id,
      parameters: parameters,
      baseDirectory: parameters == .null ? nil : ProcessPaths.workingDirectory,
      batchFile: batchFile.map(Self.absolute),
      libraryDirectories: [Self.libraryDirectory]
    )
  }

  private static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(ProcessPaths.workingDirectory)/\(path)"
  }
}

/// Which plugin, with which parameters: the same in every command that tries one.
struct PluginTargetOptions: ParsableArguments {
  @Argument(
    help: "The plugin's folder, or the id of one on the search path. Default: the current folder."
  )
  var plugin: String?

  @Option(help: "The plugin's folder; the same as the argument.")
  var directory: String?

  @Option(help: "Only this component of the plugin, by its id.")
  var component: String?

  @Option(
    name: .customLong("params"),
    help: "A parameter, as KEY=VALUE in YAML's syntax. May be given several times."
  )
  var parameters: [String] = []

  func validate() throws {
    if plugin != nil && directory != nil {
      throw ValidationError("Give the plugin as an argument or with --directory, not both.")
    }
  }

  /// The plugin.
  ///
  /// - Parameter name: stands in for the argument where a command has read it otherwise.
  func target(_ name: String? = nil) throws -> PluginTarget {
    try PluginTarget(name ?? plugin ?? directory ?? ".", component: component)
  }

  /// The parameters that were given; null for none.
  func given() throws -> ParameterValue {
    if parameters.isEmpty { return .null }
    let empty = LocatedValue(content: .table([]), origin: .commandLine("--params"))
    return try Overrides.apply(parameters, to: empty).plain
  }
}

extension CheckHost {
  /// Tries plugins with this very program.
  ///
  /// - Parameters:
  ///   - library: what is loaded; one with AddressSanitizer is loaded behind its runtime.
  ///   - patience: how much slower than usual the machine is.
  static func own(library: String?, patience: Double = 1) throws -> CheckHost {
    let sanitizer = try library.flatMap { try Sanitizer(for: $0) }
    return CheckHost(
      executable: "/proc/self/exe",
      arguments: ["plugin", "check-one"],
      environment: sanitizer?.environment ?? [:],
      slowness: patience * (sanitizer == nil ? 1 : Sanitizer.slowness)
    )
  }
}
