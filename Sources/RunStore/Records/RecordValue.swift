/// A value in a record: the JSON data model, objects in their written order.
public indirect enum RecordValue: Sendable, Equatable {
  /// No value; also what NaN and infinities read back as.
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
  case array([RecordValue])
  /// Named values in order.
  case object([RecordField])

  /// The number, whether it was written whole or real; `nil` for anything else.
  public var number: Double? {
    switch self {
    case .int(let value): return Double(value)
    case .double(let value): return value
    default: return nil
    }
  }

  /// The text, or `nil`.
  public var text: String? {
    if case .string(let value) = self { return value }
    return nil
  }

  /// Compact JSON on one line. Reals have the shortest form that reads back to the same bits.
  public var json: String {
    var out = ""
    write(to: &out)
    return out
  }

  func write(to out: inout String) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .int(let value): out += String(value)
    case .double(let value): out += value.isFinite ? value.description : "null"
    case .string(let value): Self.writeQuoted(value, to: &out)
    case .array(let values):
      out += "["
      for (index, value) in values.enumerated() {
        if index > 0 { out += "," }
        value.write(to: &out)
      }
      out += "]"
    case .object(let fields): Self.write(fields, to: &out)
    }
  }

  static func write(_ fields: [RecordField], to out: inout String) {
    out += "{"
    for (index, field) in fields.enumerated() {
      if index > 0 { out += "," }
      writeQuoted(field.name, to: &out)
      out += ":"
      field.value.write(to: &out)
    }
    out += "}"
  }

  /// Control characters are escaped, so that a record never spans two lines.
  private static func writeQuoted(_ text: String, to out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}

/// One field of an object.
public struct RecordField: Sendable, Equatable {
  /// The name.
  public var name: String
  /// The value.
  public var value: RecordValue

  /// Creates a field.
  public init(_ name: String, _ value: RecordValue) {
    self.name = name
    self.value = value
  }
}

extension RecordValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .int(value) }
  /// A real number.
  public init(floatLiteral value: Double) { self = .double(value) }
  /// True or false.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// Text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// Values in order.
  public init(arrayLiteral elements: RecordValue...) { self = .array(elements) }
  /// Named values in order.
  public init(dictionaryLiteral elements: (String, RecordValue)...) {
    self = .object(elements.map { RecordField($0.0, $0.1) })
  }
  /// No value.
  public init(nilLiteral: ()) { self = .null }
}

extension RecordValue {
  /// A whole number.
  public init(_ value: Int) { self = .int(Int64(value)) }
  /// A real number; `nil` becomes null.
  public init(_ value: Double?) { self = value.map(RecordValue.double) ?? .null }
  /// Text; `nil` becomes null.
  public init(_ value: String?) { self = value.map(RecordValue.string) ?? .null }
}
