import Components

/// The documentation of all keys, from their table.
enum ConfigurationReference {
  /// For the terminal: `stepwise train --help-config`.
  static var text: String {
    var out = "Keys of CONFIG.yaml; as arguments, key=value. Names are TRL's where TRL has them.\n"
    for section in sections {
      out += "\n\(heading(section))\n"
      for key in ConfigurationKeys.all where key.section == section {
        out += "\n  \(key.path)\n"
        out += "      \(key.summary)\n"
        out += "      \(key.type); default \(key.defaultValue.shown)\(mark(key))\n"
      }
    }
    return out
  }

  /// For the handbook.
  static var markdown: String {
    var out = """
      # Configuration keys

      Written by `stepwise train --help-config-markdown`; CI compares the two. Names are TRL's where TRL has them.

      """
    for section in sections {
      out += "\n## \(heading(section))\n\n| key | meaning | type | default |\n|---|---|---|---|\n"
      for key in ConfigurationKeys.all where key.section == section {
        out +=
          "| `\(key.path)` | \(key.summary) | \(key.type)\(mark(key)) | `\(key.defaultValue.shown)` |\n"
      }
    }
    return out
  }

  /// Says of a key that `stepwise ctl RUN set` may change it.
  private static func mark(_ key: ConfigurationKey) -> String {
    ConfigurationKeys.changeable.contains(key.path) ? "; changeable while a run goes" : ""
  }

  /// Each section once, in the order of its first key.
  private static var sections: [String] {
    ConfigurationKeys.all.reduce(into: []) { sections, key in
      if !sections.contains(key.section) { sections.append(key.section) }
    }
  }

  private static func heading(_ section: String) -> String {
    section.isEmpty ? "At the top" : "Section \(section):"
  }
}
