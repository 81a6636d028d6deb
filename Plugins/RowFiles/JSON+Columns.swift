public import StepwisePlugin

extension JSON {
  /// What it is, for messages.
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .int: "a whole number"
    case .double: "a real number"
    case .string: "text"
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// As a column that rewards see: booleans are 0 and 1, a list of turns is a conversation, an object is its JSON text. `nil`
  /// where lists nest deeper than the ABI lets through.
  public func column(depth: Int = 0) -> ColumnValue? {
    switch self {
    case .null: return .null
    case .bool(let value): return .int(value ? 1 : 0)
    case .int(let value): return .int(value)
    case .double(let value): return .real(value)
    case .string(let value): return .text(value)
    case .object: return .text(compact)
    case .array(let values):
      if let turns = turns { return .messages(turns) }
      guard depth < Self.depthLimit else { return nil }
      let columns = values.compactMap { $0.column(depth: depth + 1) }
      return columns.count == values.count ? .list(columns) : nil
    }
  }

  /// STEPWISE_VALUE_DEPTH of the plugin ABI.
  private static let depthLimit = 32

  /// The turns of a conversation in the plain form `{"role": ..., "content": ...}`; `nil` for anything else.
  private var turns: [Message]? {
    guard case .array(let values) = self, !values.isEmpty else { return nil }
    let turns = values.compactMap { value -> Message? in
      guard case .object(let members) = value, members.count == 2,
        case .string(let role)? = value["role"], case .string(let content)? = value["content"],
        Row.roles.contains(role)
      else { return nil }
      return Message(role: role, content: content)
    }
    return turns.count == values.count ? turns : nil
  }

  /// JSON text without white space, members in their order.
  public var compact: String {
    switch self {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return String(value)
    case .double(let value): return value.description
    case .string(let value): return Self.quoted(value)
    case .array(let values): return "[" + values.map(\.compact).joined(separator: ",") + "]"
    case .object(let members):
      let body = members.map { Self.quoted($0.key) + ":" + $0.value.compact }
      return "{" + body.joined(separator: ",") + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
