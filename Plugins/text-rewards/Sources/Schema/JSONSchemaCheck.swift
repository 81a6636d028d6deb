import StepwisePlugin

/// Applies a schema to a value.
struct JSONSchemaCheck {
  let root: JSON
  let patterns: [String: Pattern]
  /// References may go in circles without taking anything of the value.
  private static let depthLimit = 200

  func accepts(_ value: JSON, _ schema: JSON, depth: Int) throws -> Bool {
    guard depth < Self.depthLimit else {
      throw JSONSchema.Problem(place: "", message: "references nest deeper than \(Self.depthLimit)")
    }
    if case .bool(let answer) = schema { return answer }
    guard case .object(let members) = schema else { return true }
    for member in members {
      guard try keyword(member, schema, value, depth: depth + 1) else { return false }
    }
    return true
  }

  private func keyword(
    _ member: JSON.Member,
    _ schema: JSON,
    _ value: JSON,
    depth: Int
  ) throws -> Bool {
    let rule = member.value
    func fits(_ schema: JSON) throws -> Bool { try accepts(value, schema, depth: depth) }
    switch member.key {
    case "$ref":
      guard let target = rule.string.flatMap({ JSONSchema.target(of: $0, in: root) }) else {
        return true
      }
      return try fits(target)
    case "type": return (rule.strings ?? rule.string.map { [$0] } ?? []).contains(where: value.isOf)
    case "enum": return rule.items.contains { $0.equals(value) }
    case "const": return rule.equals(value)
    case "allOf": return try rule.items.allSatisfy(fits)
    case "anyOf": return try rule.items.contains(where: fits)
    case "oneOf": return try rule.items.count(where: fits) == 1
    case "not": return try !fits(rule)
    case "if":
      let next = try fits(rule) ? schema["then"] : schema["else"]
      return try next.map(fits) ?? true
    case "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum":
      return value.number.map { Self.holds(member.key, rule.number ?? 0, $0) } ?? true
    case "maxLength", "minLength", "pattern":
      guard let text = value.string else { return true }
      if let name = rule.string {
        return patterns[name]?.firstMatch(in: Array(text.unicodeScalars), .search) != nil
      }
      return Self.isWithin(member.key, text.unicodeScalars.count, rule)
    default: break
    }
    switch value {
    case .array(let items): return try list(member, schema, items, depth: depth)
    case .object: return try object(member, schema, value.members, depth: depth)
    default: return true
    }
  }

  private static func holds(_ key: String, _ limit: Double, _ number: Double) -> Bool {
    switch key {
    case "maximum": return number <= limit
    case "exclusiveMaximum": return number < limit
    case "minimum": return number >= limit
    case "exclusiveMinimum": return number > limit
    default:
      // 0.3 is a multiple of 0.1, although no binary fraction says so.
      let times = number / limit
      return times.isFinite && abs(times - times.rounded()) <= 1e-9 * max(abs(times), 1)
    }
  }

  private static func isWithin(_ key: String, _ count: Int, _ rule: JSON) -> Bool {
    let limit = rule.whole ?? 0
    return key.utf8.starts(with: "max".utf8) ? count <= limit : count >= limit
  }

  private func list(
    _ member: JSON.Member,
    _ schema: JSON,
    _ items: [JSON],
    depth: Int
  ) throws -> Bool {
    let rule = member.value
    switch member.key {
    case "maxItems", "minItems": return Self.isWithin(member.key, items.count, rule)
    case "uniqueItems":
      // As texts, so that a long list is not compared with itself.
      return rule != .bool(true) || Set(items.map(\.canonical)).count == items.count
    case "prefixItems":
      return try zip(items, rule.items).allSatisfy { try accepts($0, $1, depth: depth) }
    case "items":
      let rest = items.dropFirst(schema["prefixItems"]?.items.count ?? 0)
      return try rest.allSatisfy { try accepts($0, rule, depth: depth) }
    case "contains":
      let count = try items.count { try accepts($0, rule, depth: depth) }
      let most = schema["maxContains"]?.whole ?? .max
      return count >= schema["minContains"]?.whole ?? 1 && count <= most
    default: return true
    }
  }

  private func object(
    _ member: JSON.Member,
    _ schema: JSON,
    _ members: [JSON.Member],
    depth: Int
  ) throws -> Bool {
    let rule = member.value
    let names = Set(members.map(\.key))
    switch member.key {
    case "maxProperties", "minProperties": return Self.isWithin(member.key, members.count, rule)
    case "required": return (rule.strings ?? []).allSatisfy(names.contains)
    case "dependentRequired":
      return rule.members.allSatisfy { entry in
        !names.contains(entry.key) || (entry.value.strings ?? []).allSatisfy(names.contains)
      }
    case "dependentSchemas":
      return try rule.members.allSatisfy { entry in
        try !names.contains(entry.key) || accepts(.object(members), entry.value, depth: depth)
      }
    case "properties":
      return try members.allSatisfy { entry in
        try rule[entry.key].map { try accepts(entry.value, $0, depth: depth) } ?? true
      }
    case "patternProperties":
      return try members.allSatisfy { entry in
        let key = Array(entry.key.unicodeScalars)
        return try rule.members.allSatisfy { schema in
          try patterns[schema.key]?.firstMatch(in: key, .search) == nil
            || accepts(entry.value, schema.value, depth: depth)
        }
      }
    case "additionalProperties":
      let known = Set(schema["properties"]?.members.map(\.key) ?? [])
      let matched = (schema["patternProperties"]?.members ?? []).compactMap { patterns[$0.key] }
      return try members.allSatisfy { entry in
        let key = Array(entry.key.unicodeScalars)
        if known.contains(entry.key) { return true }
        if matched.contains(where: { $0.firstMatch(in: key, .search) != nil }) { return true }
        return try accepts(entry.value, rule, depth: depth)
      }
    case "propertyNames":
      return try names.allSatisfy { try accepts(.string($0), rule, depth: depth) }
    default: return true
    }
  }
}

extension JSON {
  /// A list's items; none for anything else.
  var items: [JSON] {
    if case .array(let items) = self { return items }
    return []
  }

  /// An object's members, of a name given twice the last; none for anything else.
  var members: [JSON.Member] {
    guard case .object(let members) = self else { return [] }
    var places: [String: Int] = [:]
    var result: [JSON.Member] = []
    for member in members {
      if let place = places[member.key] {
        result[place] = member
      } else {
        places[member.key] = result.count
        result.append(member)
      }
    }
    return result
  }

  func isOf(_ type: String) -> Bool {
    switch (self, type) {
    case (.null, "null"), (.bool, "boolean"), (.object, "object"), (.array, "array"),
      (.string, "string"), (.int, "number"), (.double, "number"), (.int, "integer"):
      return true
    case (.double(let value), "integer"): return value == value.rounded()
    default: return false
    }
  }

  /// Equal values have one text: bytes, so that canonically equivalent strings differ.
  var canonical: [UInt8] {
    switch self {
    case .null: return Array("null".utf8)
    case .bool(let value): return Array("\(value)".utf8)
    case .int(let value): return Array("\(Double(value)):\(value)".utf8)
    case .double(let number):
      // Not -0.
      let value = number == 0 ? 0 : number
      let whole = Int64(exactly: value).map { ":\($0)" } ?? ""
      return Array("\(value)\(whole)".utf8)
    case .string(let text): return Array("\(text.utf8.count)\"".utf8) + text.utf8
    case .array(let items):
      return Array("[".utf8) + items.flatMap { $0.canonical + [0x2C] } + Array("]".utf8)
    case .object:
      let parts = members.map { JSON.string($0.key).canonical + $0.value.canonical }
      let sorted = parts.sorted { $0.lexicographicallyPrecedes($1) }
      return Array("{".utf8) + sorted.flatMap { $0 + [0x2C] } + Array("}".utf8)
    }
  }

  /// Equality of values: 1 is 1.0, members have no order, text is compared scalar by scalar.
  func equals(_ other: JSON) -> Bool {
    switch (self, other) {
    case (.null, .null): return true
    case (.bool(let one), .bool(let two)): return one == two
    case (.int(let one), .int(let two)): return one == two
    case (.string(let one), .string(let two)): return one.utf8.elementsEqual(two.utf8)
    case (.array(let one), .array(let two)):
      return one.count == two.count && zip(one, two).allSatisfy { $0.equals($1) }
    case (.object, .object):
      let (one, two) = (members, other.members)
      return one.count == two.count
        && one.allSatisfy { member in other[member.key].map { member.value.equals($0) } ?? false }
    default:
      guard let one = number, let two = other.number else { return false }
      return one == two
    }
  }
}
