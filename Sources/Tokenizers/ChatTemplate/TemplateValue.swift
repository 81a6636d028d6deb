/// A value while a template is rendered, with Python's rules.
indirect enum TemplateValue {
  /// What a missing name or member gives: prints nothing, is false, has no members.
  case undefined(String)
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case list([TemplateValue], isTuple: Bool)
  case object([TemplateMember])
  case namespace(TemplateNamespace)
  case loop(TemplateLoopState)
  /// A macro, and how many of the scopes it sees: those around its definition.
  case macro(TemplateMacro, scopes: Int)
  case function(String)
  /// A method that is not called, such as `message.items`.
  case method(TemplateValue, String)

  init(_ json: JSONValue) {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let value): self = .string(value)
    case .array(let values): self = .list(values.map(TemplateValue.init), isTuple: false)
    case .object(let object):
      self = .object(object.members.map { TemplateMember($0.key, TemplateValue($0.value)) })
    }
  }

  /// Python's name of the type.
  var typeName: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "NoneType"
    case .bool: "bool"
    case .int: "int"
    case .double: "float"
    case .string: "str"
    case .list(_, let isTuple): isTuple ? "tuple" : "list"
    case .object: "dict"
    case .namespace: "Namespace"
    case .loop: "LoopContext"
    case .macro: "Macro"
    case .function: "function"
    case .method: "method"
    }
  }

  /// Python's truth.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .double(let value): value != 0
    case .string(let value): !value.isEmpty
    case .list(let values, _): !values.isEmpty
    case .object(let members): !members.isEmpty
    case .namespace, .loop, .macro, .function, .method: true
    }
  }

  /// The number that Python sees, booleans included.
  var number: Double? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  /// The integer that Python sees, booleans included.
  var integer: Int? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .int(let value): value
    default: nil
    }
  }

  /// Python's `str`.
  var text: String {
    switch self {
    case .undefined: ""
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): String(value)
    case .double(let value):
      value.isNaN
        ? "nan"
        : value.isInfinite
          ? (value < 0 ? "-inf" : "inf")
          : pythonRepresentation(of: value)
    case .string(let value): value
    default: representation
    }
  }

  /// Python's `repr`.
  private var representation: String {
    switch self {
    case .undefined: return "Undefined"
    case .string(let value): return Self.quoted(value)
    case .list(let values, let isTuple):
      let inner = values.map(\.representation).joined(separator: ", ")
      return isTuple ? "(\(inner)\(values.count == 1 ? "," : ""))" : "[\(inner)]"
    case .object(let members):
      return "{"
        + members.map { Self.quoted($0.key) + ": " + $0.value.representation }
        .joined(separator: ", ") + "}"
    case .namespace, .loop, .macro, .function, .method: return "<\(typeName)>"
    default: return text
    }
  }

  private static func quoted(_ string: String) -> String {
    let scalars = string.unicodeScalars
    let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
    var text = ""
    func append(_ part: String) { text += part }
    func escape(_ letter: String, _ value: UInt32, _ width: Int) {
      let digits = String(value, radix: 16)
      append("\\" + letter + String(repeating: "0", count: width - digits.utf8.count) + digits)
    }
    text.unicodeScalars.append(quote)
    for scalar in scalars {
      switch scalar {
      case quote, "\\": append("\\\(scalar)")
      case "\n": append("\\n")
      case "\r": append("\\r")
      case "\t": append("\\t")
      case _ where scalar.value < 0x20 || scalar.value == 0x7F: escape("x", scalar.value, 2)
      case _ where !isPrintable(scalar):
        if scalar.value < 0x100 {
          escape("x", scalar.value, 2)
        } else if scalar.value < 0x10000 {
          escape("u", scalar.value, 4)
        } else {
          escape("U", scalar.value, 8)
        }
      default: text.unicodeScalars.append(scalar)
      }
    }
    text.unicodeScalars.append(quote)
    return text
  }

  /// Python's `str.isprintable` for one character.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }
}

/// A member of an object.
struct TemplateMember {
  var key: String
  var value: TemplateValue

  init(_ key: String, _ value: TemplateValue) {
    self.key = key
    self.value = value
  }
}

/// A `namespace(...)`: the one thing that a loop's body can change outside the loop.
final class TemplateNamespace {
  var members: [TemplateMember] = []
}

/// The `loop` variable of one iteration.
struct TemplateLoopState {
  var index: Int
  var elements: [TemplateValue]
}

extension [TemplateMember] {
  func value(of key: String) -> TemplateValue? {
    last { $0.key.sameBytes(as: key) }?.value
  }

  mutating func set(_ key: String, _ value: TemplateValue) {
    if let index = lastIndex(where: { $0.key.sameBytes(as: key) }) {
      self[index].value = value
    } else {
      append(TemplateMember(key, value))
    }
  }
}

extension TemplateValue {
  /// Python's `==`.
  func isEqual(to other: TemplateValue) -> Bool {
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): true
    case (.string(let a), .string(let b)): a.sameBytes(as: b)
    case (.list(let a, let aIsTuple), .list(let b, let bIsTuple)):
      aIsTuple == bIsTuple && a.count == b.count && zip(a, b).allSatisfy { $0.isEqual(to: $1) }
    case (.object(let a), .object(let b)):
      a.count == b.count
        && a.allSatisfy { member in
          b.value(of: member.key).map { $0.isEqual(to: member.value) } ?? false
        }
    case (.namespace(let a), .namespace(let b)): a === b
    default:
      if let a = integer, let b = other.integer {
        a == b
      } else if let a = number, let b = other.number {
        a == b
      } else {
        false
      }
    }
  }

  /// Python's `<`; nil where the types have no order.
  func isLess(than other: TemplateValue) -> Bool? {
    switch (self, other) {
    case (.string(let a), .string(let b)): return a.utf8.lexicographicallyPrecedes(b.utf8)
    case (.list(let a, _), .list(let b, _)):
      for (x, y) in zip(a, b) where !x.isEqual(to: y) { return x.isLess(than: y) }
      return a.count < b.count
    default:
      if let a = integer, let b = other.integer { return a < b }
      guard let a = number, let b = other.number else { return nil }
      return a < b
    }
  }

  /// The elements that a loop sees; nil where the value cannot be iterated.
  var elements: [TemplateValue]? {
    switch self {
    case .undefined: []
    case .list(let values, _): values
    case .string(let text): text.unicodeScalars.map { .string(String($0)) }
    case .object(let members): members.map { .string($0.key) }
    default: nil
    }
  }

  /// Python's `len`; nil where there is none.
  var count: Int? {
    switch self {
    case .undefined: 0
    case .list(let values, _): values.count
    case .string(let text): text.unicodeScalars.count
    case .object(let members): members.count
    default: nil
    }
  }

  /// The value as JSON; nil where `json.dumps` refuses it.
  var json: JSONValue? {
    switch self {
    case .none: return .null
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .double(let value): return .double(value)
    case .string(let value): return .string(value)
    case .list(let values, _):
      var array: [JSONValue] = []
      for value in values {
        guard let json = value.json else { return nil }
        array.append(json)
      }
      return .array(array)
    case .object(let members):
      var result: [JSONObject.Member] = []
      for member in members {
        guard let json = member.value.json else { return nil }
        result.append((member.key, json))
      }
      return .object(JSONObject(result))
    default: return nil
    }
  }
}
