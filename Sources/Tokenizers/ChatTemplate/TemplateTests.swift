/// What stands after `is`.
enum TemplateTests {
  static let names: Set<String> = [
    "defined", "undefined", "none", "string", "mapping", "iterable", "sequence", "number",
    "integer", "float", "boolean", "true", "false", "callable", "even", "odd", "divisibleby", "eq",
    "equalto", "ne", "lt", "gt", "le", "ge", "in", "lower", "upper",
  ]

  /// Whether a test takes as long as the value is large.
  static func goesThrough(_ name: String, _ arguments: TemplateArguments) -> Bool {
    name == "lower" || name == "upper" || !arguments.positional.isEmpty
  }

  static func apply(
    _ name: String,
    to value: TemplateValue,
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> Bool {
    switch name {
    case "even", "odd", "divisibleby":
      guard let number = value.integer else {
        throw ChatTemplateError(
          .value,
          "\"is \(name)\" needs an integer, not \(value.typeName)",
          at: arguments.position
        )
      }
      if name == "divisibleby" {
        guard let divisor = arguments.value(0, "num")?.integer, divisor != 0 else {
          throw ChatTemplateError(.value, "divisibleby needs a divisor", at: arguments.position)
        }
        return number.isMultiple(of: divisor)
      }
      return number.isMultiple(of: 2) == (name == "even")
    case "eq", "equalto", "ne", "lt", "gt", "le", "ge", "in":
      guard let other = arguments.positional.first else {
        throw ChatTemplateError(
          .value,
          "\"is \(name)\" needs a value to compare with",
          at: arguments.position
        )
      }
      return try compare(name, value, other, arguments.position)
    default: return ofType(name, value)
    }
  }

  private static func compare(
    _ name: String,
    _ value: TemplateValue,
    _ other: TemplateValue,
    _ position: TemplatePosition
  ) throws(ChatTemplateError) -> Bool {
    switch name {
    case "eq", "equalto": return value.isEqual(to: other)
    case "ne": return !value.isEqual(to: other)
    case "in": return try TemplateArithmetic.contains(other, value, position)
    default:
      let symbols = ["lt": "<", "gt": ">", "le": "<=", "ge": ">="]
      return try TemplateArithmetic.isOrdered(symbols[name]!, value, other, position)
    }
  }

  private static func ofType(_ name: String, _ value: TemplateValue) -> Bool {
    switch (name, value) {
    case ("defined", .undefined): return false
    case ("defined", _): return true
    case ("undefined", .undefined): return true
    case ("none", .none): return true
    case ("string", .string): return true
    case ("mapping", .object): return true
    case ("iterable", _), ("sequence", _):
      // The kind says it; the elements of a long text would be made for nothing.
      switch value {
      case .undefined, .list, .string, .object: return true
      default: return false
      }
    case ("number", _): return value.number != nil
    case ("integer", .int): return true
    case ("float", .double): return true
    case ("boolean", .bool): return true
    case ("true", .bool(let flag)): return flag
    case ("false", .bool(let flag)): return !flag
    case ("callable", .macro), ("callable", .function), ("callable", .method): return true
    case ("lower", _), ("upper", _):
      // Python: no letter of the other case, and at least one that has a case.
      let text = value.text
      let folded = name == "lower" ? text.lowercased() : text.uppercased()
      return folded.sameBytes(as: text)
        && !text.lowercased().sameBytes(as: text.uppercased())
    default: return false
    }
  }
}
