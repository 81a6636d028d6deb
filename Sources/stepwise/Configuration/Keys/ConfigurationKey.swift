import Components

/// One key of the configuration: what it is called, what it means, how it is read, written and documented.
///
/// The table of these drives decoding, the resolved configuration, range checks, suggestions and the documentation, so that
/// they cannot disagree.
struct ConfigurationKey: Sendable {
  /// The full path, for example `grpo.num_generations`.
  let path: String
  /// What is expected, in words.
  let type: String
  /// One line for people.
  let summary: String
  /// Reads the value into a configuration.
  let decode: @Sendable (LocatedValue, inout RunConfiguration) throws(ConfigurationError) -> Void
  /// The value that a configuration holds.
  let encode: @Sendable (RunConfiguration) -> ParameterValue

  /// The section, `""` for the top.
  var section: String {
    path.lastIndex(of: ".").map { String(path[..<$0]) } ?? ""
  }

  /// The path without its section.
  var name: String {
    path.lastIndex(of: ".").map { String(path[path.index(after: $0)...]) } ?? path
  }

  /// The default, as it would be written.
  var defaultValue: ParameterValue { encode(RunConfiguration()) }

  /// A key whose value is held as it is read.
  init<Value>(
    _ path: String,
    _ field: any (WritableKeyPath<RunConfiguration, Value> & Sendable),
    _ type: KeyType<Value>,
    _ summary: String
  ) {
    self.path = path
    self.type = type.name
    self.summary = summary
    decode = { value, configuration throws(ConfigurationError) in
      do throws(KeyRefusal) {
        configuration[keyPath: field] = try type.decode(value.plain)
      } catch {
        throw ConfigurationError(
          value.origin,
          key: path,
          problem: error.problem,
          cure: error.cure
        )
      }
    }
    encode = { type.encode($0[keyPath: field]) }
  }

  /// A key that may be null, with what null stands for.
  init<Value>(
    _ path: String,
    _ field: any (WritableKeyPath<RunConfiguration, Value?> & Sendable),
    _ type: KeyType<Value>,
    null meaning: String,
    _ summary: String
  ) {
    self.init(path, field, type.orNull(meaning), summary)
  }

  /// A key with a form of its own.
  init(
    _ path: String,
    type: String,
    _ summary: String,
    decode:
      @escaping @Sendable (LocatedValue, inout RunConfiguration) throws(ConfigurationError) -> Void,
    encode: @escaping @Sendable (RunConfiguration) -> ParameterValue
  ) {
    self.path = path
    self.type = type
    self.summary = summary
    self.decode = decode
    self.encode = encode
  }
}
