public import Components

/// A JSON text as it is written: members in their order and numbers as their digits, so that no id of 64 bits is rounded on the way.
///
/// Beside RFC 8259 it takes `NaN`, `Infinity` and `-Infinity`, as Python's `json` writes and reads them: columns may hold them.
public indirect enum JSONTree: Sendable, Equatable {
  /// No value.
  case null
  /// True or false.
  case bool(Bool)
  /// A number, as its digits.
  case number(String)
  /// Text.
  case string(String)
  /// Values in order.
  case array([JSONTree])
  /// Named values in order; a name may stand twice.
  case object([Member])

  /// A named value.
  public struct Member: Sendable, Equatable {
    /// The name.
    public var key: String
    /// The value.
    public var value: JSONTree
  }

  /// Why a text is not JSON.
  public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    /// How many bytes stand before the fault.
    public var offset: Int
    /// What is wrong there.
    public var reason: String

    /// One line.
    public var description: String { "not JSON at byte \(offset): \(reason)" }
  }

  /// Reads a whole text.
  public init(parsing bytes: some Sequence<UInt8>) throws(Failure) {
    var reader = JSONTreeReader(Array(bytes))
    self = try reader.document()
  }

  /// The value of an object's member; of several with one name the last, as Python has it.
  public subscript(_ key: String) -> JSONTree? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  /// The whole number in 64 bits with a sign, or `nil`.
  public var int64: Int64? {
    guard case .number(let digits) = self else { return nil }
    return Int64(digits)
  }

  /// The whole number in 64 bits without a sign, or `nil`.
  public var uint64: UInt64? {
    guard case .number(let digits) = self else { return nil }
    return UInt64(digits)
  }

  /// The real number, or `nil`.
  public var double: Double? {
    guard case .number(let digits) = self else { return nil }
    switch digits {
    case "NaN": return .nan
    case "Infinity": return .infinity
    case "-Infinity": return -.infinity
    default: return Double(digits)
    }
  }

  /// What it is, for messages.
  var typeName: String {
    switch self {
    case .null: return "null"
    case .bool: return "a boolean"
    case .number: return "a number"
    case .string: return "text"
    case .array: return "a list"
    case .object: return "an object"
    }
  }

  /// JSON without white space, members in their order.
  public var text: String {
    switch self {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .number(let digits): return digits
    case .string(let value): return Self.quoted(value)
    case .array(let values): return "[" + values.map(\.text).joined(separator: ",") + "]"
    case .object(let members):
      return "{" + members.map { Self.quoted($0.key) + ":" + $0.value.text }.joined(separator: ",")
        + "}"
    }
  }

  private static func quoted(_ text: String) -> String { ParameterValue.string(text).json }
}

extension ParameterValue {
  /// Reads a whole JSON text: a number without fraction that fits 64 bits is whole, any other is real.
  public init(json bytes: some Sequence<UInt8>) throws(JSONTree.Failure) {
    self.init(try JSONTree(parsing: bytes))
  }

  /// The same value.
  public init(_ tree: JSONTree) {
    switch tree {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .number: self = tree.int64.map { .int($0) } ?? .double(tree.double ?? .nan)
    case .string(let value): self = .string(value)
    case .array(let values): self = .array(values.map { ParameterValue($0) })
    case .object(let members):
      self = .object(members.map { ParameterEntry($0.key, ParameterValue($0.value)) })
    }
  }
}
