import Components

extension RunConfiguration {
  /// Every key with its value: what `load` reads back to an equal configuration.
  var encoded: ParameterValue {
    var root: [ParameterEntry] = []
    for key in ConfigurationKeys.all {
      Self.insert(key.encode(self), at: key.path.split(separator: ".")[...], into: &root)
    }
    return .object(root)
  }

  /// The resolved configuration as YAML.
  var yaml: String { YAMLWriter.write(encoded) }

  private static func insert(
    _ value: ParameterValue,
    at path: ArraySlice<Substring>,
    into entries: inout [ParameterEntry]
  ) {
    let name = String(path.first!)
    guard path.count > 1 else {
      entries.append(ParameterEntry(name, value))
      return
    }
    var inner: [ParameterEntry] = []
    let index = entries.firstIndex { $0.key == name }
    if let index, case .object(let found) = entries[index].value { inner = found }
    insert(value, at: path.dropFirst(), into: &inner)
    if let index {
      entries[index].value = .object(inner)
    } else {
      entries.append(ParameterEntry(name, .object(inner)))
    }
  }
}
