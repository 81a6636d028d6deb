/// A value of a configuration or of a plugin's parameters: the JSON data model, objects in their written order.
public indirect enum ParameterValue: Sendable, Equatable {
  /// No value.
  case null
  /// True or false.
  case bool(Bool)
  /// A whole number.
  case int(Int64)
  /// A real number.
  case double(Double)
  /// Text.
  case string(String)
  /// Values in order.
  case array([ParameterValue])
  /// Named values in order.
  case object([ParameterEntry])

  /// The entry of an object, or `nil`.
  public subscript(_ key: String) -> ParameterValue? {
    guard case .object(let entries) = self else { return nil }
    return entries.last { $0.key == key }?.value
  }

  /// What the value is, in words for an error message.
  public var typeName: String {
    switch self {
    case .null: return "null"
    case .bool: return "a boolean"
    case .int: return "a whole number"
    case .double: return "a real number"
    case .string: return "text"
    case .array: return "a list"
    case .object: return "a table"
    }
  }

  /// Compact JSON, keys in their written order, reals in the shortest form that reads back to the same bits.
  public var json: String {
    switch self {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return String(value)
    case .double(let value): return value.isFinite ? value.description : "null"
    case .string(let value): return Self.quoted(value)
    case .array(let values): return "[" + values.map(\.json).joined(separator: ",") + "]"
    case .object(let entries):
      let body = entries.map { Self.quoted($0.key) + ":" + $0.value.json }
      return "{" + body.joined(separator: ",") + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}

/// One entry of an object.
public struct ParameterEntry: Sendable, Equatable {
  /// The key.
  public var key: String
  /// The value.
  public var value: ParameterValue

  /// Creates an entry.
  public init(_ key: String, _ value: ParameterValue) {
    self.key = key
    self.value = value
  }
}
