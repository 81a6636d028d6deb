import Components

/// `key.sub=value` arguments, which go over what the file says. The value has YAML's syntax.
enum Overrides {
  static func apply(
    _ arguments: [String],
    to root: LocatedValue
  ) throws(ConfigurationError) -> LocatedValue {
    var result = root
    for argument in arguments { result = try apply(argument, to: result) }
    return result
  }

  private static func apply(
    _ argument: String,
    to root: LocatedValue
  ) throws(ConfigurationError) -> LocatedValue {
    let origin = Origin.commandLine(argument)
    guard let equals = argument.firstIndex(of: "=") else {
      throw ConfigurationError(
        origin,
        key: "",
        problem: "not of the form key=value",
        cure: "Write for example grpo.learning_rate=1e-5"
      )
    }
    let path = argument[..<equals].split(separator: ".", omittingEmptySubsequences: false)
    if path.contains(where: \.isEmpty) {
      throw ConfigurationError(
        origin,
        key: String(argument[..<equals]),
        problem: "a part of the key is empty",
        cure: "Write for example grpo.learning_rate=1e-5"
      )
    }
    let text = String(argument[argument.index(after: equals)...])
    let value = try YAMLReader.read(text, from: .argument(argument))
    return try setting(path[...], to: value, in: root, origin: origin)
  }

  private static func setting(
    _ path: ArraySlice<Substring>,
    to value: LocatedValue,
    in node: LocatedValue,
    origin: Origin
  ) throws(ConfigurationError) -> LocatedValue {
    guard let name = path.first else { return value }
    var result = node
    switch node.content {
    case .list(var elements):
      guard let index = Int(name), elements.indices.contains(index) else {
        throw ConfigurationError(
          origin,
          key: String(name),
          problem: "the list has \(elements.count) elements, counted from 0",
          cure: "Give the number of one of them"
        )
      }
      elements[index] = try setting(
        path.dropFirst(),
        to: value,
        in: elements[index],
        origin: origin
      )
      result.content = .list(elements)
    case .table(var entries):
      if let index = entries.firstIndex(where: { $0.key == name }) {
        entries[index].value = try setting(
          path.dropFirst(),
          to: value,
          in: entries[index].value,
          origin: origin
        )
        entries[index].keyOrigin = origin
      } else {
        entries.append(try entry(path, value, origin))
      }
      result.content = .table(entries)
    case .scalar:
      if case .string = node.plain, ComponentConfiguration.keys.contains(String(name)) {
        // The short form `strategy: NAME` stands for `strategy: {plugin: NAME}`.
        let plugin = LocatedValue.Entry(key: "plugin", keyOrigin: node.origin, value: node)
        result.content = .table([plugin])
        return try setting(path, to: value, in: result, origin: origin)
      }
      guard node.isNull else {
        throw ConfigurationError(
          origin,
          key: String(name),
          problem: "\(node.plain.shown) at \(node.origin) is not a table",
          cure: "Write it as a table there, or set the whole key"
        )
      }
      result = LocatedValue(content: .table([try entry(path, value, origin)]), origin: origin)
    }
    return result
  }

  private static func entry(
    _ path: ArraySlice<Substring>,
    _ value: LocatedValue,
    _ origin: Origin
  ) throws(ConfigurationError) -> LocatedValue.Entry {
    let empty = LocatedValue(content: .scalar(.null), origin: origin)
    return LocatedValue.Entry(
      key: String(path.first!),
      keyOrigin: origin,
      value: try setting(path.dropFirst(), to: value, in: empty, origin: origin)
    )
  }
}
