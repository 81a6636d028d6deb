import Components

/// A value of a configuration file that knows where it was written.
struct LocatedValue: Sendable {
  indirect enum Content: Sendable {
    case scalar(ParameterValue)
    case list([LocatedValue])
    case table([Entry])
  }

  struct Entry: Sendable {
    var key: String
    var keyOrigin: Origin
    var value: LocatedValue
  }

  var content: Content
  var origin: Origin

  /// The value alone.
  var plain: ParameterValue {
    switch content {
    case .scalar(let value): return value
    case .list(let values): return .array(values.map(\.plain))
    case .table(let entries):
      return .object(entries.map { ParameterEntry($0.key, $0.value.plain) })
    }
  }

  /// Whether nothing was written: `key:` with an empty value is a table without entries where one is expected.
  var isNull: Bool {
    if case .scalar(.null) = content { return true }
    return false
  }
}
