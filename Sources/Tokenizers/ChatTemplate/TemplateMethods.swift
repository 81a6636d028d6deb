/// The methods of Python's strings and dictionaries that templates call.
enum TemplateMethods {
  private static let ofStrings: Set<String> = [
    "split", "rsplit", "strip", "lstrip", "rstrip", "startswith", "endswith", "replace", "upper",
    "lower", "capitalize", "join", "find", "count", "removeprefix", "removesuffix", "isdigit",
    "splitlines", "title",
  ]
  private static let ofObjects: Set<String> = ["get", "items", "keys", "values"]
  /// Methods that Python has and this library has not; as members they hide keys in Python too.
  private static let refusedOfObjects: Set<String> = [
    "clear", "copy", "fromkeys", "pop", "popitem", "setdefault", "update",
  ]

  static func has(_ name: String, _ value: TemplateValue) -> Bool {
    switch value {
    case .string: ofStrings.contains(name)
    case .object: ofObjects.contains(name) || refusedOfObjects.contains(name)
    default: false
    }
  }

  static func call(
    _ name: String,
    on receiver: TemplateValue,
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> TemplateValue {
    switch receiver {
    case .string(let text): return try call(name, on: text, arguments)
    case .object(let members): return try call(name, on: members, arguments)
    default:
      throw ChatTemplateError(.unsupported, "the method \"\(name)\"", at: arguments.position)
    }
  }

  private static func call(
    _ name: String,
    on members: [TemplateMember],
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> TemplateValue {
    switch name {
    case "items":
      return .list(
        members.map { .list([.string($0.key), $0.value], isTuple: true) },
        isTuple: false
      )
    case "keys": return .list(members.map { .string($0.key) }, isTuple: false)
    case "values": return .list(members.map(\.value), isTuple: false)
    case "get":
      guard case .string(let key)? = arguments.positional.first else {
        throw ChatTemplateError(
          .unsupported,
          "get with a key that is not a string",
          at: arguments.position
        )
      }
      return members.value(of: key) ?? (arguments.positional.dropFirst().first ?? .none)
    default:
      throw ChatTemplateError(.unsupported, "the method \"\(name)\"", at: arguments.position)
    }
  }

  /// A string argument; nil where it is absent or none.
  private static func string(
    _ arguments: EvaluatedArguments,
    _ index: Int,
    _ name: String
  ) throws(ChatTemplateError) -> String? {
    switch arguments.value(index, name) {
    case .string(let text): return text
    case nil, .some(.none): return nil
    case let value?:
      throw ChatTemplateError(
        .value,
        "expected a string, not \(value.typeName)",
        at: arguments.position
      )
    }
  }

  private static func required(
    _ arguments: EvaluatedArguments,
    _ index: Int
  ) throws(ChatTemplateError) -> String {
    guard let text = try string(arguments, index, "") else {
      throw ChatTemplateError(.value, "an argument is missing", at: arguments.position)
    }
    return text
  }

  private static func limit(_ arguments: EvaluatedArguments, _ index: Int, _ name: String) -> Int {
    guard let value = arguments.value(index, name)?.integer, value >= 0 else { return .max }
    return value
  }

  private static func call(
    _ name: String,
    on text: String,
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> TemplateValue {
    try arguments.check("the method \"\(name)\"", parameters(of: name))
    switch name {
    case "strip": return .string(TemplateStrings.strip(text, try string(arguments, 0, ""), .both))
    case "lstrip": return .string(TemplateStrings.strip(text, try string(arguments, 0, ""), .left))
    case "rstrip":
      return .string(TemplateStrings.strip(text, try string(arguments, 0, ""), .right))
    case "split", "rsplit": return try split(name, text, arguments)
    case "splitlines":
      guard arguments.positional.isEmpty, arguments.named.isEmpty else {
        throw ChatTemplateError(.unsupported, "splitlines with arguments", at: arguments.position)
      }
      return .list(TemplateStrings.lines(text).map { .string($0) }, isTuple: false)
    case "startswith":
      return .bool(
        try affixes(arguments).contains { TemplateStrings.hasPrefix(text, $0) }
      )
    case "endswith":
      return .bool(
        try affixes(arguments).contains { TemplateStrings.hasSuffix(text, $0) }
      )
    case "removeprefix":
      let prefix = try required(arguments, 0)
      return .string(
        TemplateStrings.hasPrefix(text, prefix)
          ? String(decoding: Array(text.utf8.dropFirst(prefix.utf8.count)), as: UTF8.self) : text
      )
    case "removesuffix":
      let suffix = try required(arguments, 0)
      return .string(
        TemplateStrings.hasSuffix(text, suffix)
          ? String(decoding: Array(text.utf8.dropLast(suffix.utf8.count)), as: UTF8.self) : text
      )
    case "replace":
      let (old, new) = (try required(arguments, 0), try required(arguments, 1))
      try arguments.charge(
        bytes: TemplateStrings.lengthAfterReplacing(old, in: text, with: new)
      )
      return .string(
        TemplateStrings.replace(text, old, with: new, limit: limit(arguments, 2, "count"))
      )
    case "upper": return .string(text.uppercased())
    case "lower": return .string(text.lowercased())
    case "capitalize": return .string(TemplateStrings.capitalize(text))
    case "title":
      throw ChatTemplateError(
        .unsupported,
        "the method \"title\" (the filter is)",
        at: arguments.position
      )
    case "find": return .int(TemplateStrings.find(try required(arguments, 0), in: text))
    case "count": return .int(TemplateStrings.count(try required(arguments, 0), in: text))
    case "isdigit":
      return .bool(
        !text.isEmpty
          && text.unicodeScalars.allSatisfy {
            $0.properties.numericType == .digit || $0.properties.numericType == .decimal
          }
      )
    case "join":
      return .string(try joined(arguments.positional.first, by: text, arguments))
    default:
      throw ChatTemplateError(.unsupported, "the method \"\(name)\"", at: arguments.position)
    }
  }

  /// What a method of strings takes; those that Python's takes by position alone have no name. Python
  /// knows more, such as where `find` starts: left out unseen they would give another text.
  private static func parameters(of name: String) -> [String] {
    switch name {
    case "split", "rsplit": ["sep", "maxsplit"]
    case "replace": ["", "", "count"]
    case "splitlines": ["keepends"]
    case "upper", "lower", "capitalize", "title", "isdigit": []
    default: [""]
    }
  }

  private static func affixes(
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> [String] {
    guard case .list(let values, true)? = arguments.positional.first else {
      return [try required(arguments, 0)]
    }
    return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
  }

  private static func split(
    _ name: String,
    _ text: String,
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> TemplateValue {
    let limit = limit(arguments, 1, "maxsplit")
    let separator = try string(arguments, 0, "sep")
    if name == "rsplit", limit != .max {
      guard let separator, !separator.isEmpty else {
        throw ChatTemplateError(.unsupported, "rsplit at whitespace", at: arguments.position)
      }
      let parts = TemplateStrings.split(text, by: separator, limit: .max)
      let head = parts.dropLast(min(limit, parts.count - 1))
      return .list(
        ([head.joined(separator: separator)] + parts.suffix(parts.count - head.count)).map {
          .string($0)
        },
        isTuple: false
      )
    }
    guard let separator else {
      return .list(
        TemplateStrings.splitAtSpace(text, limit: limit).map { .string($0) },
        isTuple: false
      )
    }
    guard !separator.isEmpty else {
      throw ChatTemplateError(.value, "the separator is empty", at: arguments.position)
    }
    return .list(
      TemplateStrings.split(text, by: separator, limit: limit).map { .string($0) },
      isTuple: false
    )
  }

  /// `separator.join(values)`: only strings join.
  private static func joined(
    _ values: TemplateValue?,
    by separator: String,
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> String {
    var parts: [String] = []
    let elements = values?.elements ?? []
    try arguments.charge(bytes: elements.count * separator.utf8.count)
    for value in elements {
      guard case .string(let text) = value else {
        throw ChatTemplateError(
          .value,
          "join needs strings, not \(value.typeName)",
          at: arguments.position
        )
      }
      parts.append(text)
    }
    return parts.joined(separator: separator)
  }
}
