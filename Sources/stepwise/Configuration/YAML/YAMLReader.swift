import Components
import Yams

/// Reads YAML into values that know where they were written.
struct YAMLReader {
  /// Where the text came from, for messages.
  enum Source {
    /// A file.
    case file(String)
    /// The value of a `key=value` argument; every part of it has the whole argument as its place.
    case argument(String)
  }

  private let source: Source
  private var remaining = Self.nodeLimit
  /// Aliases of aliases can make a few lines of YAML into billions of values.
  private static let nodeLimit = 100_000

  /// The document's value; an empty document is null.
  static func read(_ text: String, from source: Source) throws(ConfigurationError) -> LocatedValue {
    var reader = YAMLReader(source: source)
    let node: Node?
    do {
      node = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
    } catch {
      throw reader.failure(error)
    }
    guard let node else {
      return LocatedValue(content: .scalar(.null), origin: reader.origin(nil))
    }
    return try reader.value(node)
  }

  private init(source: Source) { self.source = source }

  private var place: String {
    switch source {
    case .file(let name): return name
    case .argument(let text): return Origin.commandLine(text).description
    }
  }

  private func origin(_ mark: Mark?) -> Origin {
    switch source {
    case .file(let name): return .file(name, line: mark?.line ?? 1, column: mark?.column ?? 1)
    case .argument(let text): return .commandLine(text)
    }
  }

  private mutating func value(_ node: Node) throws(ConfigurationError) -> LocatedValue {
    remaining -= 1
    if remaining < 0 {
      throw ConfigurationError(
        place,
        key: "",
        problem: "the file holds more than \(Self.nodeLimit) values",
        cure: "Remove the aliases that multiply them"
      )
    }
    let origin = origin(node.mark)
    switch node {
    case .scalar(let scalar):
      // Tags such as !!str decide over the plain form, as do quotes.
      let isPlain = (scalar.style == .plain || scalar.style == .any) && scalar.tag == .implicit
      let value =
        isPlain ? ScalarResolver.value(ofPlain: scalar.string) : .string(scalar.string)
      return LocatedValue(content: .scalar(value), origin: origin)
    case .sequence(let sequence):
      var values: [LocatedValue] = []
      for element in sequence { values.append(try value(element)) }
      return LocatedValue(content: .list(values), origin: origin)
    case .mapping(let mapping):
      return LocatedValue(content: .table(try entries(mapping)), origin: origin)
    case .alias:
      throw ConfigurationError(
        origin,
        key: "",
        problem: "an alias that names nothing",
        cure: "Write the value out"
      )
    }
  }

  private mutating func entries(
    _ mapping: Node.Mapping
  ) throws(ConfigurationError) -> [LocatedValue.Entry] {
    var entries: [LocatedValue.Entry] = []
    for (keyNode, valueNode) in mapping {
      let origin = origin(keyNode.mark)
      guard case .scalar(let scalar) = keyNode else {
        throw ConfigurationError(
          origin,
          key: "",
          problem: "a key that is not text",
          cure: "Write keys as plain words"
        )
      }
      let key = scalar.string
      if key == "<<" {
        throw ConfigurationError(
          origin,
          key: key,
          problem: "merge keys are not supported",
          cure: "Write the keys out"
        )
      }
      if entries.contains(where: { $0.key.utf8.elementsEqual(key.utf8) }) {
        throw ConfigurationError(
          origin,
          key: key,
          problem: "the key is written twice",
          cure: "Remove one of the two"
        )
      }
      entries.append(
        LocatedValue.Entry(key: key, keyOrigin: origin, value: try value(valueNode))
      )
    }
    return entries
  }

  private func failure(_ error: any Error) -> ConfigurationError {
    func broken(
      _ mark: Mark?,
      _ problem: String,
      _ context: YamlError.Context?
    ) -> ConfigurationError {
      let place = mark.map { origin($0).description } ?? place
      let more = context.map { " (\($0.text), line \($0.mark.line))" } ?? ""
      return ConfigurationError(
        place,
        key: "",
        problem: "not YAML: \(problem)\(more)",
        cure: "Check indentation, quotes and brackets there and in the line above"
      )
    }
    switch error {
    case YamlError.scanner(let context, let problem, let mark, _),
      YamlError.parser(let context, let problem, let mark, _),
      YamlError.composer(let context, let problem, let mark, _):
      return broken(mark, problem, context)
    case YamlError.duplicatedKeysInMapping(let keys, let context):
      return ConfigurationError(
        origin(context.mark),
        key: keys.joined(separator: ", "),
        problem: "the key is written twice in one table",
        cure: "Remove one of the two"
      )
    case YamlError.reader(let problem, _, _, _):
      return broken(nil, "\(problem); the file must be UTF-8 text", nil)
    default:
      return broken(nil, "\(error)", nil)
    }
  }
}
