/// What stands after `|`.
enum TemplateFilters {
  static let names: Set<String> = [
    "tojson", "trim", "length", "count", "upper", "lower", "capitalize", "title", "default", "d",
    "join", "first", "last", "list", "items", "string", "int", "float", "replace", "reverse",
    "safe", "abs", "map", "select", "reject", "selectattr", "rejectattr", "dictsort", "sort",
    "unique", "indent",
  ]

  /// Whether a filter takes as long as the value is large: a list knows its length, and templates ask
  /// for that of all messages at each message.
  static func goesThrough(_ value: TemplateValue, _ name: String) -> Bool {
    if case .list = value { name != "length" && name != "count" } else { true }
  }

  static func apply(
    _ name: String,
    to value: TemplateValue,
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> TemplateValue {
    switch name {
    case "tojson": return try toJSON(value, arguments)
    case "default", "d":
      try arguments.check(name, ["default_value", "boolean"])
      let fallback = arguments.value(0, "default_value") ?? .string("")
      if case .undefined = value { return fallback }
      return arguments.value(1, "boolean")?.isTrue ?? false && !value.isTrue ? fallback : value
    case "length", "count":
      guard let count = value.count else { throw refusal(name, value, arguments) }
      return .int(count)
    case "int", "float", "abs": return try number(name, value, arguments)
    case "first", "last", "list", "reverse", "join", "items", "map", "select", "reject",
      "selectattr", "rejectattr", "dictsort", "sort", "unique":
      return try TemplateSequenceFilters.apply(name, to: value, arguments)
    default: return try text(name, value, arguments)
    }
  }

  static func refusal(
    _ name: String,
    _ value: TemplateValue,
    _ arguments: EvaluatedArguments
  ) -> ChatTemplateError {
    ChatTemplateError(
      .value,
      "the filter \"\(name)\" does not work on \(value.typeName)",
      at: arguments.position
    )
  }

  /// Python's `json.dumps` with `ensure_ascii` off: that of transformers, not Jinja's own.
  private static func toJSON(
    _ value: TemplateValue,
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> TemplateValue {
    try arguments.check("tojson", ["ensure_ascii", "indent", "separators", "sort_keys"])
    if arguments.value(0, "ensure_ascii")?.isTrue ?? false {
      throw ChatTemplateError(.unsupported, "tojson(ensure_ascii=true)", at: arguments.position)
    }
    guard let json = value.json else { throw refusal("tojson", value, arguments) }
    var layout = JSONValue.Layout.spaced
    switch arguments.value(1, "indent") {
    case nil, .some(.none): break
    case let value?:
      guard let indent = value.integer else {
        throw ChatTemplateError(
          .unsupported,
          "tojson with an indent of type \(value.typeName)",
          at: arguments.position
        )
      }
      let width = max(0, min(indent, 100))
      let size = json.size
      try arguments.charge(bytes: size.values * size.depth * width)
      layout = .indented(width)
    }
    switch arguments.value(2, "separators") {
    case nil, .some(.none): break
    case let separators?:
      guard case .list(let values, _) = separators, values.count == 2,
        case .string(let item) = values[0], case .string(let key) = values[1]
      else {
        throw ChatTemplateError(.value, "separators are two strings", at: arguments.position)
      }
      try arguments.charge(bytes: json.size.values * max(item.utf8.count, key.utf8.count))
      layout.itemSeparator = item
      layout.keySeparator = key
    }
    layout.sortsKeys = arguments.value(3, "sort_keys")?.isTrue ?? false
    return .string(json.serialized(layout))
  }

  private static func number(
    _ name: String,
    _ value: TemplateValue,
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> TemplateValue {
    switch (name, value) {
    case ("abs", _):
      if let integer = value.integer, integer != .min { return .int(abs(integer)) }
      if case .double(let number) = value { return .double(abs(number)) }
      throw refusal(name, value, arguments)
    case ("int", .string(let text)):
      try arguments.check(name, ["default"])
      let trimmed = TemplateStrings.strip(text, nil, .both)
      if let integer = Int(trimmed) { return .int(integer) }
      if let number = Double(trimmed), let integer = Int(exactly: number.rounded(.towardZero)) {
        return .int(integer)
      }
      return arguments.value(0, "default") ?? .int(0)
    case ("int", _):
      if let integer = value.integer { return .int(integer) }
      if let number = value.number, let integer = Int(exactly: number.rounded(.towardZero)) {
        return .int(integer)
      }
      return arguments.value(0, "default") ?? .int(0)
    case ("float", .string(let text)):
      if let number = Double(TemplateStrings.strip(text, nil, .both)) { return .double(number) }
      return arguments.value(0, "default") ?? .double(0)
    default:
      return value.number.map { .double($0) } ?? arguments.value(0, "default") ?? .double(0)
    }
  }

  private static func text(
    _ name: String,
    _ value: TemplateValue,
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> TemplateValue {
    let text = value.text
    switch name {
    case "trim":
      try arguments.check(name, ["chars"])
      guard case .string(let characters)? = arguments.value(0, "chars") else {
        return .string(TemplateStrings.strip(text, nil, .both))
      }
      return .string(TemplateStrings.strip(text, characters, .both))
    case "upper": return .string(text.uppercased())
    case "lower": return .string(text.lowercased())
    case "capitalize": return .string(TemplateStrings.capitalize(text))
    case "title": return .string(TemplateStrings.title(text))
    case "replace":
      try arguments.check(name, ["old", "new", "count"])
      guard let old = arguments.value(0, "old"), let new = arguments.value(1, "new") else {
        throw ChatTemplateError(.value, "replace needs two arguments", at: arguments.position)
      }
      let limit = arguments.value(2, "count")?.integer ?? -1
      let (oldText, newText) = (old.text, new.text)
      try arguments.charge(
        bytes: TemplateStrings.lengthAfterReplacing(oldText, in: text, with: newText)
      )
      return .string(
        TemplateStrings.replace(text, oldText, with: newText, limit: limit < 0 ? .max : limit)
      )
    case "indent": return .string(try indented(text, arguments))
    default: return .string(text)  // string, safe
    }
  }

  private static func indented(
    _ text: String,
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> String {
    try arguments.check("indent", ["width", "first", "blank"])
    var indent = String(repeating: " ", count: 4)
    switch arguments.value(0, "width") {
    case .string(let own)?: indent = own
    case let width?: indent = String(repeating: " ", count: max(0, min(width.integer ?? 4, 1000)))
    case nil: break
    }
    let indentsBlank = arguments.value(2, "blank")?.isTrue ?? false
    // Jinja's own way: so that a newline at the end starts a line too.
    let lines = TemplateStrings.lines(text + "\n")
    try arguments.charge(bytes: (lines.count + 1) * indent.utf8.count)
    var result = lines[0]
    for line in lines.dropFirst() {
      result += "\n" + (line.isEmpty && !indentsBlank ? "" : indent) + line
    }
    return (arguments.value(1, "first")?.isTrue ?? false ? indent : "") + result
  }
}
