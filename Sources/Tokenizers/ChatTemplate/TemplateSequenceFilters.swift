/// The filters that work on sequences.
enum TemplateSequenceFilters {
  static func apply(
    _ name: String,
    to value: TemplateValue,
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> TemplateValue {
    if name == "items" { return try items(value, arguments) }
    if name == "dictsort" {
      guard case .object(let members) = value, arguments.positional.isEmpty,
        arguments.named.isEmpty
      else { throw TemplateFilters.refusal(name, value, arguments) }
      // As Python without regard to case; equal keys keep their order.
      let sorted = members.enumerated().sorted { left, right in
        let (a, b) = (left.element.key.lowercased(), right.element.key.lowercased())
        return a.sameBytes(as: b)
          ? left.offset < right.offset : a.utf8.lexicographicallyPrecedes(b.utf8)
      }
      return .list(
        sorted.map { .list([.string($0.element.key), $0.element.value], isTuple: true) },
        isTuple: false
      )
    }
    if name == "reverse", case .string(let text) = value {
      var scalars = String.UnicodeScalarView()
      scalars.append(contentsOf: text.unicodeScalars.reversed())
      return .string(String(scalars))
    }
    guard let elements = value.elements else {
      throw TemplateFilters.refusal(name, value, arguments)
    }
    switch name {
    case "first": return elements.first ?? .undefined("the first of no items")
    case "last": return elements.last ?? .undefined("the last of no items")
    case "list": return .list(elements, isTuple: false)
    case "reverse": return .list(elements.reversed(), isTuple: false)
    case "join":
      try arguments.check(name, ["d", "attribute"])
      var parts = elements
      if let attribute = arguments.value(1, "attribute") {
        parts = elements.map { member($0, attribute.text) }
      }
      let separator = arguments.value(0, "d")?.text ?? ""
      try arguments.charge(bytes: parts.count * separator.utf8.count)
      return .string(parts.map(\.text).joined(separator: separator))
    case "map": return .list(try map(elements, arguments), isTuple: false)
    case "select", "reject":
      var kept: [TemplateValue] = []
      for element in elements
      where try holds(element, arguments, from: 0) == (name == "select") { kept.append(element) }
      return .list(kept, isTuple: false)
    case "selectattr", "rejectattr":
      guard case .string(let attribute)? = arguments.positional.first else {
        throw ChatTemplateError(.value, "\(name) needs an attribute", at: arguments.position)
      }
      var kept: [TemplateValue] = []
      for element in elements
      where try holds(member(element, attribute), arguments, from: 1) == (name == "selectattr") {
        kept.append(element)
      }
      return .list(kept, isTuple: false)
    case "sort": return .list(try sorted(elements, arguments), isTuple: false)
    default:  // unique
      try arguments.check(name, [])
      // Each is compared with all that are kept; a million comparisons are a thousand elements.
      try arguments.charge(elements.count * elements.count / 4)
      var kept: [TemplateValue] = []
      for element in elements where !kept.contains(where: { key($0).isEqual(to: key(element)) }) {
        kept.append(element)
      }
      return .list(kept, isTuple: false)
    }
  }

  private static func items(
    _ value: TemplateValue,
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> TemplateValue {
    switch value {
    case .undefined: return .list([], isTuple: false)
    case .object: return try TemplateMethods.call("items", on: value, arguments)
    default: throw TemplateFilters.refusal("items", value, arguments)
    }
  }

  /// A member by a path such as `function.name`, or `arguments.0` of a list.
  private static func member(_ value: TemplateValue, _ path: String) -> TemplateValue {
    var value = value
    for name in TemplateStrings.split(path, by: ".", limit: .max) {
      switch value {
      case .object(let members): value = members.value(of: name) ?? .undefined(name)
      case .list(let values, _):
        guard let index = Int(name), values.indices.contains(index) else { return .undefined(name) }
        value = values[index]
      default: return .undefined(name)
      }
    }
    return value
  }

  private static func map(
    _ elements: [TemplateValue],
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> [TemplateValue] {
    if let attribute = arguments.named.value(of: "attribute") {
      return elements.map { element in
        let found = member(element, attribute.text)
        if case .undefined = found { return arguments.named.value(of: "default") ?? found }
        return found
      }
    }
    guard case .string(let filter)? = arguments.positional.first,
      TemplateFilters.names.contains(filter)
    else {
      throw ChatTemplateError(.unsupported, "map without a known filter", at: arguments.position)
    }
    var inner = arguments
    inner.positional.removeFirst()
    var results: [TemplateValue] = []
    for element in elements {
      let result = try TemplateFilters.apply(filter, to: element, inner)
      try arguments.budget.charge(result, at: arguments.position)
      results.append(result)
    }
    return results
  }

  /// Whether a value passes the test named by argument `index`, or is true where none is named.
  private static func holds(
    _ value: TemplateValue,
    _ arguments: EvaluatedArguments,
    from index: Int
  ) throws(ChatTemplateError) -> Bool {
    guard index < arguments.positional.count else { return value.isTrue }
    // Jinja knows the operators as names of tests.
    let operators = ["==": "eq", "!=": "ne", "<": "lt", ">": "gt", "<=": "le", ">=": "ge"]
    let given = arguments.positional[index].text
    let name = operators[given] ?? given
    guard TemplateTests.names.contains(name) else {
      throw ChatTemplateError(.unsupported, "the test \"\(given)\"", at: arguments.position)
    }
    var inner = arguments
    inner.positional.removeFirst(index + 1)
    return try TemplateTests.apply(name, to: value, inner)
  }

  /// What `sort` and `unique` compare: strings without regard to case.
  private static func key(_ value: TemplateValue) -> TemplateValue {
    if case .string(let text) = value { .string(text.lowercased()) } else { value }
  }

  private static func sorted(
    _ elements: [TemplateValue],
    _ arguments: EvaluatedArguments
  ) throws(ChatTemplateError) -> [TemplateValue] {
    try arguments.check("sort", ["reverse", "case_sensitive", "attribute"])
    let isReversed = arguments.value(0, "reverse")?.isTrue ?? false
    let isExact = arguments.value(1, "case_sensitive")?.isTrue ?? false
    if case .string(let attribute)? = arguments.value(2, "attribute"),
      attribute.utf8.contains(UInt8(ascii: ","))
    {
      throw ChatTemplateError(.unsupported, "sort by several attributes", at: arguments.position)
    }
    let keyed = elements.map { element -> (key: TemplateValue, element: TemplateValue) in
      let value = arguments.value(2, "attribute").map { member(element, $0.text) } ?? element
      return (isExact ? value : key(value), element)
    }
    var failed: (TemplateValue, TemplateValue)?
    let order = keyed.indices.sorted { left, right in
      let (a, b) = isReversed ? (right, left) : (left, right)
      if keyed[a].key.isEqual(to: keyed[b].key) { return left < right }
      guard let less = keyed[a].key.isLess(than: keyed[b].key) else {
        failed = (keyed[a].key, keyed[b].key)
        return left < right
      }
      return less
    }
    if let (a, b) = failed {
      throw ChatTemplateError(
        .value,
        "sort cannot compare \(a.typeName) and \(b.typeName)",
        at: arguments.position
      )
    }
    return order.map { keyed[$0].element }
  }
}
