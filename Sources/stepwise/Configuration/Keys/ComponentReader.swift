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

  /// A plugin's name or table, or a list of such tables with weights. Tables may have `split`.
  ///
  /// - Parameter part: the part of a split that the slot has where none is named.
  static func dataset(
    _ value: LocatedValue,
    path: String,
    part: DatasetSplit.Part,
    mayMix: Bool
  ) throws(ConfigurationError) -> DatasetConfiguration {
    guard case .list(let elements) = value.content else {
      let source = try source(value, path: path, part: part, allowed: DatasetSource.keys)
      return DatasetConfiguration(sources: [source])
    }
    guard mayMix, !elements.isEmpty else {
      throw ConfigurationError(
        value.origin,
        key: path,
        problem: elements.isEmpty ? "the list is empty" : "held-out rows cannot be mixed",
        cure: "Name one dataset plugin"
      )
    }
    var sources: [DatasetSource] = []
    for (index, element) in elements.enumerated() {
      sources.append(
        try source(
          element,
          path: "\(path).\(index)",
          part: part,
          allowed: DatasetSource.listKeys
        )
      )
    }
    for (index, source) in sources.enumerated() where source.weight < 0 {
      throw ConfigurationError(
        value.origin,
        key: "\(path).\(index).weight",
        problem: "\(source.weight) is below 0",
        cure: "Write a share of 0 or more"
      )
    }
    // One dataset alone has no share, and is written back as a table.
    if sources.count == 1 { (sources[0].name, sources[0].weight) = (nil, 1) }
    return DatasetConfiguration(sources: sources)
  }

  private static func source(
    _ value: LocatedValue,
    path: String,
    part: DatasetSplit.Part,
    allowed: [String]
  ) throws(ConfigurationError) -> DatasetSource {
    var rest = value
    var split: LocatedValue?
    if case .table(let entries) = value.content {
      split = entries.last { $0.key == "split" }?.value
      rest.content = .table(entries.filter { $0.key != "split" })
    }
    let fields = try fields(rest, path: path, allowed: allowed)
    var source = DatasetSource(component: fields.component)
    (source.name, source.weight) = (fields.name, fields.weight)
    if let split, !split.isNull {
      source.split = try rule(split, path: "\(path).split", part: part)
    }
    return source
  }

  /// `{test_size: 0.1, seed: 42, part: train}`.
  private static func rule(
    _ value: LocatedValue,
    path: String,
    part: DatasetSplit.Part
  ) throws(ConfigurationError) -> DatasetSplit.Rule {
    guard case .table(let entries) = value.content else {
      throw ConfigurationError(
        value.origin,
        key: path,
        problem: "\(value.plain.shown) (\(value.plain.typeName)) is not a split",
        cure: "Write {test_size: 0.1, seed: 42}"
      )
    }
    var rule = DatasetSplit.Rule(testSize: 0, part: part)
    for entry in entries {
      let place = "\(path).\(entry.key)"
      switch entry.key {
      case "test_size":
        rule.testSize = try decode(
          .real("above 0, below 1") { $0 > 0 && $0 < 1 },
          entry,
          place
        )
      case "seed": rule.seed = try decode(.seed, entry, place)
      case "part": rule.part = try decode(.choice(), entry, place)
      default:
        let near = nearestName(to: entry.key, among: DatasetSource.splitKeys)
        throw ConfigurationError(
          entry.keyOrigin,
          key: place,
          problem: "unknown key",
          cure: near.map { "Did you mean \($0)?" }
            ?? "A split has \(DatasetSource.splitKeys.joined(separator: ", "))"
        )
      }
    }
    guard rule.testSize > 0 else {
      throw ConfigurationError(
        value.origin,
        key: "\(path).test_size",
        problem: "the size is missing",
        cure: "Write the share of rows that is held out, such as 0.1"
      )
    }
    return rule
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

extension DatasetConfiguration {
  /// A table for one dataset, a list for several.
  var encoded: ParameterValue {
    sources.count == 1
      ? .object(sources[0].entries(ofList: false))
      : .array(sources.map { .object($0.entries(ofList: true)) })
  }
}

extension DatasetSource {
  fileprivate func entries(ofList: Bool) -> [ParameterEntry] {
    var entries = component.entries
    if let split {
      entries.append(
        ParameterEntry(
          "split",
          .object([
            ParameterEntry("test_size", .double(split.testSize)),
            ParameterEntry("seed", .int(Int64(clamping: split.seed))),
            ParameterEntry("part", .string(split.part.rawValue)),
          ])
        )
      )
    }
    guard ofList else { return entries }
    entries.append(ParameterEntry("weight", .double(weight)))
    if let name { entries.append(ParameterEntry("name", .string(name))) }
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
