import Components
import PluginHost
import RunStore

/// As journals and requests hold it.
extension Intervention {
  /// The fields that describe it.
  var fields: [RecordField] {
    var record: Record = [:]
    switch self {
    case .swap(let swap):
      record["slot"] = .string(swap.slot)
      record["plugin"] = .string(swap.component.plugin)
      if let pin = swap.pin {
        record["id"] = .string(pin.id)
        record["version"] = .string(pin.version)
        record["digest"] = .string(pin.digest)
        record["manifest_digest"] = .string(pin.manifestDigest)
      }
      record["parameters"] = RecordValue(parameter: swap.component.parameters)
      if let isolation = swap.component.isolation {
        record["isolation"] = .string(isolation.rawValue)
      }
      if let timeout = swap.component.timeout { record["timeout"] = .double(timeout) }
      if swap.shadow > 0 {
        record["shadow"] = .int(Int64(swap.shadow))
        record["then"] = .string(swap.ending.rawValue)
      }
      if swap.isReload { record["reload"] = true }
    case .set(let setting):
      record["key"] = .string(setting.key)
      record["value"] = .string(setting.value)
      if setting.over > 0 { record["over"] = .int(Int64(setting.over)) }
    case .configure(let arguments):
      record["arguments"] = .array(arguments.map { .string($0) })
    case .rollback, .drop: break
    }
    return record.fields
  }

  /// What the journal says of it: that it was done, or why it was refused.
  ///
  /// - Parameter schedule: the number of its entry in the configuration.
  func record(
    step: Int,
    who: String,
    schedule: Int? = nil,
    refused problem: ControlProblem? = nil
  ) -> Record {
    var record: Record = [
      "step": .int(Int64(step)), "by": .string(who), "action": .string(action),
    ]
    record.fields += fields
    record["text"] = .string(text)
    if let schedule { record["schedule"] = .int(Int64(schedule)) }
    record["outcome"] = problem == nil ? "done" : "refused"
    if let problem { record["problem"] = .string(problem.problem) }
    return record
  }

  /// Reads what a journal holds, or what somebody asks; `nil` where it is something else than these.
  init?(_ action: String, _ record: Record) throws(ControlProblem) {
    func missing(_ name: String) -> ControlProblem {
      ControlProblem("\(action) needs \(name)", cure: "See `stepwise ctl RUN \(action) --help`.")
    }
    func count(_ name: String) throws(ControlProblem) -> Int {
      guard let value = record[name], value != .null else { return 0 }
      guard case .int(let number) = value, 0...1_000_000 ~= number else {
        throw ControlProblem(
          "\(name) is \(value.json)",
          cure: "Give a number of steps from 0 to 1000000."
        )
      }
      return Int(number)
    }
    switch action {
    case "swap", "shadow":
      guard let slot = record["slot"]?.text else { throw missing("slot") }
      guard let plugin = record["plugin"]?.text, !plugin.isEmpty else { throw missing("plugin") }
      var component = ComponentConfiguration(plugin: plugin)
      if let parameters = record["parameters"], parameters != .null {
        guard case .object = parameters else {
          throw ControlProblem(
            "parameters are \(parameters.json)",
            cure: "Give an object of names and values."
          )
        }
        component.parameters = ParameterValue(parameters)
      }
      if let text = record["isolation"]?.text {
        guard let isolation = Isolation(rawValue: text) else {
          let names = Isolation.allCases.map(\.rawValue).joined(separator: " or ")
          throw ControlProblem("isolation is \(text)", cure: "Give \(names).")
        }
        component.isolation = isolation
      }
      component.timeout = record["timeout"]?.number
      let ending = record["then"]?.text ?? Ending.commit.rawValue
      guard let ending = Ending(rawValue: ending) else {
        throw ControlProblem("then is \(ending)", cure: "Give commit or drop.")
      }
      self = .swap(
        Swap(
          slot: slot,
          component: component,
          shadow: try count("shadow"),
          ending: ending,
          isReload: record["reload"] == .bool(true),
          pin: PluginPins.Pin(record)
        )
      )
    case "set":
      guard let key = record["key"]?.text, !key.isEmpty else { throw missing("key") }
      guard let value = record["value"]?.text else { throw missing("value, as text") }
      self = .set(Setting(key: key, value: value, over: try count("over")))
    case "configure":
      self = .configure(record["arguments"]?.array?.compactMap(\.text) ?? [])
    case "rollback": self = .rollback
    case "drop": self = .drop
    default: return nil
    }
  }
}

extension PluginPins.Pin {
  /// What a journal's record holds of it.
  fileprivate init?(_ record: Record) {
    guard let id = record["id"]?.text, let version = record["version"]?.text,
      let digest = record["digest"]?.text, let manifest = record["manifest_digest"]?.text
    else { return nil }
    self.init(id: id, version: version, digest: digest, manifestDigest: manifest)
  }
}

extension RecordValue {
  /// The same value of a configuration.
  init(parameter value: ParameterValue) {
    switch value {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let value): self = .string(value)
    case .array(let values): self = .array(values.map { RecordValue(parameter: $0) })
    case .object(let entries):
      self = .object(entries.map { RecordField($0.key, RecordValue(parameter: $0.value)) })
    }
  }
}

extension ParameterValue {
  /// The same value of a record.
  init(_ value: RecordValue) {
    switch value {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let value): self = .string(value)
    case .array(let values): self = .array(values.map { ParameterValue($0) })
    case .object(let fields):
      self = .object(fields.map { ParameterEntry($0.name, ParameterValue($0.value)) })
    }
  }
}
