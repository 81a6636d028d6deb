import Components

/// A key that two configurations do not share.
struct ConfigurationDifference: Equatable {
  /// The full path, parameters of plugins included: `strategy.parameters.mu`.
  var key: String
  /// As it would be written; `nil` where it is not there.
  var first: String?
  var second: String?

  /// The keys that differ, in the order of the configuration.
  ///
  /// - Parameter ignoring: keys that say nothing of what a run computes.
  static func all(
    _ first: RunConfiguration,
    _ second: RunConfiguration,
    ignoring: Set<String> = ["output_dir"]
  ) -> [ConfigurationDifference] {
    var (a, b): ([(String, String)], [(String, String)]) = ([], [])
    flatten(first.encoded, "", into: &a)
    flatten(second.encoded, "", into: &b)
    let (left, right) = (
      Dictionary(a, uniquingKeysWith: { $1 }), Dictionary(b, uniquingKeysWith: { $1 })
    )
    let keys = a.map(\.0) + b.map(\.0).filter { left[$0] == nil }
    return keys.filter { left[$0] != right[$0] && !ignoring.contains($0) }
      .map { ConfigurationDifference(key: $0, first: left[$0], second: right[$0]) }
      .filter {
        !($0.first == nil && isNothing($0.second) || $0.second == nil && isNothing($0.first))
      }
  }

  /// Where one configuration has a table and the other none, the table's keys are told, not that there is no table.
  private static func isNothing(_ value: String?) -> Bool {
    ["{}", "[]", "null"].contains(value)
  }

  private static func flatten(
    _ value: ParameterValue,
    _ path: String,
    into leaves: inout [(String, String)]
  ) {
    func inner(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
    switch value {
    case .object(let entries) where !entries.isEmpty:
      for entry in entries { flatten(entry.value, inner(entry.key), into: &leaves) }
    case .array(let values) where !values.isEmpty:
      for (index, value) in values.enumerated() { flatten(value, inner("\(index)"), into: &leaves) }
    default: leaves.append((path, value.json))
    }
  }
}
