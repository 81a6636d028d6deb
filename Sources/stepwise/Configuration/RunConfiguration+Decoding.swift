import Components

/// A configuration with the places of what was written.
struct LoadedConfiguration: Sendable {
  /// What the file and the arguments say, with defaults for the rest.
  var configuration: RunConfiguration
  /// The file's name, for messages.
  var file: String
  /// Where each key was written, by its full path.
  var origins: [String: Origin]

  /// The folder in which relative paths of plugins' parameters start: the file's own; `nil`, the working directory, for the
  /// recipe that ships and for a run's config.yaml, whose paths are absolute.
  var baseDirectory: String? {
    let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return folder.isEmpty ? nil : folder.joined(separator: "/")
  }

  /// Where a key was written, or the file's name.
  func place(of key: String) -> String {
    origins[key]?.description ?? file
  }
}

extension RunConfiguration {
  /// Reads a configuration from a file's text and `key=value` arguments, and checks that it is consistent.
  static func load(
    yaml: String,
    file: String,
    overrides: [String] = [],
    purpose: LoadedConfiguration.Purpose = .training
  ) throws(ConfigurationError) -> LoadedConfiguration {
    let written = try YAMLReader.read(yaml, from: .file(file))
    let root = try Overrides.apply(overrides, to: written)
    var decoder = Decoder(
      loaded: LoadedConfiguration(configuration: RunConfiguration(), file: file, origins: [:])
    )
    try decoder.decode(root, section: "")
    try decoder.loaded.check(for: purpose)
    return decoder.loaded
  }

  private struct Decoder {
    var loaded: LoadedConfiguration

    mutating func decode(
      _ value: LocatedValue,
      section: String
    ) throws(ConfigurationError) {
      if value.isNull { return }
      guard case .table(let entries) = value.content else {
        let name = section.isEmpty ? "the configuration" : "a section"
        throw ConfigurationError(
          value.origin,
          key: section,
          problem: "\(value.plain.shown) (\(value.plain.typeName)) is not a table of keys",
          cure: "Write \(name) as lines of `key: value`"
        )
      }
      for entry in entries {
        let path = section.isEmpty ? entry.key : "\(section).\(entry.key)"
        if let key = ConfigurationKeys.byPath[path] {
          try key.decode(entry.value, &loaded.configuration)
          loaded.origins[path] = entry.value.origin
        } else if ConfigurationKeys.sections.contains(path) {
          try decode(entry.value, section: path)
        } else {
          try refuse(entry, path: path, section: section)
        }
      }
    }

    /// Takes keys of TRL that ask for nothing; anything else is an error.
    private func refuse(
      _ entry: LocatedValue.Entry,
      path: String,
      section: String
    ) throws(ConfigurationError) {
      if let unsupported = UnsupportedKeys.byName[entry.key] {
        let value = entry.value.plain
        if unsupported.harmless.contains(value) { return }
        throw ConfigurationError(
          entry.value.origin,
          key: path,
          problem: "\(value.shown) is not supported yet",
          cure: unsupported.cure
        )
      }
      throw ConfigurationError(
        entry.keyOrigin,
        key: path,
        problem: "unknown key",
        cure: suggestion(for: entry.key, in: section)
      )
    }

    private func suggestion(for name: String, in section: String) -> String {
      let elsewhere = ConfigurationKeys.all.filter { $0.name == name }.map(\.path)
      if !elsewhere.isEmpty {
        return "Did you mean \(elsewhere.joined(separator: " or "))?"
      }
      if let near = nearestName(to: name, among: ConfigurationKeys.names(in: section)) {
        return "Did you mean \(section.isEmpty ? near : "\(section).\(near)")?"
      }
      let all = ConfigurationKeys.all
      if let near = nearestName(to: name, among: all.map(\.name)) {
        let paths = all.filter { $0.name == near }.map(\.path)
        return "Did you mean \(paths.joined(separator: " or "))?"
      }
      return "`stepwise train --help-config` lists all keys"
    }
  }
}
