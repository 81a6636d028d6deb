import Components
import RunStore

/// An entry of the configuration's `interventions:`.
///
///     interventions:
///       - {step: 100, swap: {slot: strategy, plugin: hpt, parameters: {gate: 1}, shadow: 20}}
///       - {step: 200, set: {grpo.beta: 0.04, rewards.format.weight: 0.5}, over: 50}
///       - {step: 300, rollback: true}
struct ScheduledIntervention: Sendable, Equatable {
  /// Before which step, 0-based.
  var step: Int
  /// As it was written.
  var table: ParameterValue

  /// What is done, in order.
  var interventions: [Intervention] {
    // The configuration's check made them once already.
    (try? Self.interventions(table)) ?? []
  }

  static let keys = ["step", "swap", "set", "over", "rollback", "drop"]
  static let swapKeys = [
    "slot", "plugin", "id", "parameters", "shadow", "then", "reload", "isolation", "timeout",
  ]

  init(_ table: ParameterValue) throws(ControlProblem) {
    guard case .object(let entries) = table else {
      throw ControlProblem(
        "\(table.shown) (\(table.typeName)) is no intervention",
        cure: "Write for example {step: 100, set: {grpo.beta: 0.04}}"
      )
    }
    try Self.check(entries, Self.keys, "an intervention")
    guard case .int(let step)? = table["step"], step >= 0 else {
      throw ControlProblem(
        "step is \(table["step"]?.shown ?? "missing")",
        cure: "Give the step before which it happens, from 0 on"
      )
    }
    self.step = Int(step)
    self.table = table
    _ = try Self.interventions(table)
  }

  private static func interventions(
    _ table: ParameterValue
  ) throws(ControlProblem) -> [Intervention] {
    var found: [Intervention] = []
    let over = table["over"]
    if let swap = table["swap"] {
      guard case .object(let entries) = swap else {
        throw ControlProblem(
          "swap is \(swap.shown)",
          cure: "Write {slot: strategy, plugin: ID}"
        )
      }
      try check(entries, swapKeys, "a swap")
      var record = Record(entries.map { RecordField($0.key, RecordValue(parameter: $0.value)) })
      if let id = record["id"] {
        record["plugin"] = id
        record["id"] = nil
      }
      if let intervention = try Intervention("swap", record) { found.append(intervention) }
    }
    if let settings = table["set"] {
      guard case .object(let entries) = settings, !entries.isEmpty else {
        throw ControlProblem("set is \(settings.shown)", cure: "Write {KEY: VALUE}")
      }
      for entry in entries {
        var record: Record = [
          "key": .string(entry.key), "value": .string(entry.value.argument),
        ]
        if let over { record["over"] = RecordValue(parameter: over) }
        if let intervention = try Intervention("set", record) { found.append(intervention) }
      }
    } else if over != nil {
      throw ControlProblem("over is there without set", cure: "Add set: {KEY: VALUE}")
    }
    if table["rollback"] == .bool(true) { found.append(.rollback) }
    if table["drop"] == .bool(true) { found.append(.drop) }
    if found.isEmpty {
      throw ControlProblem(
        "\(table.json) says nothing to do",
        cure: "Add swap, set, rollback or drop"
      )
    }
    return found
  }

  private static func check(
    _ entries: [ParameterEntry],
    _ keys: [String],
    _ what: String
  ) throws(ControlProblem) {
    for entry in entries where !keys.contains(entry.key) {
      let near = nearestName(to: entry.key, among: keys).map { "Did you mean \($0)?" }
      throw ControlProblem(
        "\(what) has no key \(entry.key)",
        cure: near ?? "It takes \(keys.joined(separator: ", "))"
      )
    }
  }
}

extension ParameterValue {
  /// The value as an argument `key=value` has it.
  fileprivate var argument: String {
    if case .string(let text) = self { return text }
    return json
  }
}
