import Components
import PluginHost
import Training

/// Reads the tables of plugins.
enum ComponentReader {
  /// `NAME`, or `{plugin: NAME, parameters: {...}, isolation: process, timeout: 10}`.
  static func component(
    _ value: LocatedValue,
    path: String
  ) throws(ConfigurationError) -> ComponentConfiguration {
    try fields(value, path: path, allowed: ComponentConfiguration.keys).component
  }

  /// A list of `NAME` or of such tables with `weight`, `name`, `on_failure`, `workers`, `gate` and `clip`.
  static func rewards(
    _ value: LocatedValue,
    path: String
  ) throws(ConfigurationError) -> [RewardConfiguration] {
    guard !value.isNull else { return [] }
    guard case .list(let elements) = value.content else {
      throw ConfigurationError(
        value.origin,
        key: path,
        problem: "\(value.plain.shown) (\(value.plain.typeName)) is not a list of rewards",
        cure: "Put a dash before each reward: `- plugin: ID`"
      )
    }
    var rewards: [RewardConfiguration] = []
    for (index, element) in elements.enumerated() {
      let path = "\(path).\(index)"
      rewards.append(try fields(element, path: path, allowed: RewardConfiguration.keys))
    }
    return rewards
  }

  private static func fields(
    _ value: LocatedValue,
    path: String,
    allowed: [String]
  ) throws(ConfigurationError) -> RewardConfiguration {
    if case .scalar(.string(let plugin)) = value.content, !plugin.isEmpty {
      return RewardConfiguration(component: ComponentConfiguration(plugin: plugin))
    }
    guard case .table(let entries) = value.content else {
      throw ConfigurationError(
        value.origin,
        key: path,
        problem: "\(value.plain.shown) (\(value.plain.typeName)) is not a plugin",
        cure: "Write a plugin's id or path, or a table with plugin and parameters"
      )
    }
    var result = RewardConfiguration(component: ComponentConfiguration(plugin: ""))
    for entry in entries {
      let place = "\(path).\(entry.key)"
      guard allowed.contains(entry.key) else {
        let near = nearestName(to: entry.key, among: allowed)
        throw ConfigurationError(
          entry.keyOrigin,
          key: place,
          problem: "unknown key",
          cure: near.map { "Did you mean \($0)?" }
            ?? "A plugin's own settings go into \(path).parameters"
        )
      }
      try read(entry, at: place, into: &result)
    }
    guard !result.component.plugin.isEmpty else {
      throw ConfigurationError(
        value.origin,
        key: "\(path).plugin",
        problem: "the plugin is missing",
        cure: "Name one; `stepwise plugin list` shows what there is"
      )
    }
    return result
  }

  private static func read(
    _ entry: LocatedValue.Entry,
    at path: String,
    into result: inout RewardConfiguration
  ) throws(ConfigurationError) {
    switch entry.key {
    case "plugin":
      result.component.plugin = try decode(.text("a plugin's id or path"), entry, path)
    case "name":
      result.name = try decode(KeyType.text().orNull("the plugin's own"), entry, path)
    case "weight":
      result.weight = try decode(.real, entry, path)
    case "on_failure":
      result.onFailure = try decode(.choice(), entry, path)
    case "workers":
      result.workers = try decode(.whole(1), entry, path)
    case "gate":
      result.gate = entry.value.isNull ? nil : try RewardPlaceReader.gate(entry.value, path: path)
    case "clip":
      result.clip = entry.value.isNull ? nil : try RewardPlaceReader.clip(entry.value, path: path)
    case "isolation":
      result.component.isolation = try decode(
        KeyType<Isolation>.choice().orNull("what its trust gives"),
        entry,
        path
      )
    case "timeout":
      result.component.timeout = try decode(
        KeyType<Double>.positive.orNull("the usual deadline"),
        entry,
        path
      )
    default:
      let table = try decode(KeyType<ParameterValue>.table.orNull("none"), entry, path)
      result.component.parameters = table ?? .object([])
    }
  }

  static func decode<Value>(
    _ type: KeyType<Value>,
    _ entry: LocatedValue.Entry,
    _ path: String
  ) throws(ConfigurationError) -> Value {
    do throws(KeyRefusal) {
      return try type.decode(entry.value.plain)
    } catch {
      throw ConfigurationError(
        entry.value.origin,
        key: path,
        problem: error.problem,
        cure: error.cure
      )
    }
  }
}

extension ComponentConfiguration {
  var encoded: ParameterValue { .object(entries) }

  fileprivate var entries: [ParameterEntry] {
    var entries = [
      ParameterEntry("plugin", .string(plugin)), ParameterEntry("parameters", parameters),
    ]
    if let isolation {
      entries.append(ParameterEntry("isolation", .string(isolation.rawValue)))
    }
    if let timeout { entries.append(ParameterEntry("timeout", .double(timeout))) }
    return entries
  }
}

extension RewardConfiguration {
  var encoded: ParameterValue {
    var entries = component.entries
    entries.append(ParameterEntry("weight", .double(weight)))
    if let name { entries.append(ParameterEntry("name", .string(name))) }
    if onFailure != .stop {
      entries.append(ParameterEntry("on_failure", .string(onFailure.rawValue)))
    }
    if workers != 1 { entries.append(ParameterEntry("workers", .int(Int64(workers)))) }
    if let gate {
      var table = [ParameterEntry("reward", .string(gate.reward))]
      if let low = gate.atLeast { table.append(ParameterEntry("at_least", .double(low))) }
      if let high = gate.below { table.append(ParameterEntry("below", .double(high))) }
      table.append(ParameterEntry("otherwise", .double(gate.otherwise)))
      entries.append(ParameterEntry("gate", .object(table)))
    }
    if let clip {
      let bounds: [ParameterValue] = [.double(clip.lowerBound), .double(clip.upperBound)]
      entries.append(ParameterEntry("clip", .array(bounds)))
    }
    return .object(entries)
  }
}
