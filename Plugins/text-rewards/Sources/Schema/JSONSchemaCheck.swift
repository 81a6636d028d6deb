import StepwisePlugin

/// Applies a schema to a value.
///
/// For one value only: it counts its steps. Alternatives that go down the same value multiply, so that a short text may ask for more of
/// them than anybody can wait for.
struct JSONSchemaCheck {
  /// The value asks for more than is done. It is the value's fault: the same schema may judge others.
  struct TooMuch: Error {}

  /// Where in schema and value a check is.
  struct Depth {
    /// Schemas, one within the other.
    var total = 0
    /// Of these, those that were applied to this same value.
    var here = 0

    /// One schema further.
    ///
    /// - Parameter isPart: whether it is applied to a part of the value.
    func next(isPart: Bool) -> Depth { Depth(total: total + 1, here: isPart ? 0 : here + 1) }
  }

  /// Shared by all that one check calls.
  private final class Steps {
    var left = 200_000
  }

  let root: JSON
  let patterns: [String: Pattern]
  private let steps = Steps()
  /// References may go in circles without taking anything of the value.
  private static let hereLimit = 100
  /// What a thread's stack holds.
  private static let depthLimit = 200

  init(root: JSON, patterns: [String: Pattern]) {
    (self.root, self.patterns) = (root, patterns)
  }

  /// Whether a value fits.
  ///
  /// - Throws: `JSONSchema.Problem` where references never end, `TooMuch` where the value asks for too many steps.
  func accepts(_ value: JSON, _ schema: JSON, _ depth: Depth = Depth()) throws -> Bool {
    guard depth.here < Self.hereLimit else {
      throw JSONSchema.Problem(place: "", message: "references nest deeper than \(Self.hereLimit)")
    }
    steps.left -= 1
    guard depth.total < Self.depthLimit, steps.left > 0 else { throw TooMuch() }
    if case .bool(let answer) = schema { return answer }
    guard case .object(let members) = schema else { return true }
    for member in members {
      guard try keyword(member, schema, value, depth) else { return false }
    }
    return true
  }

  private func keyword(
    _ member: JSON.Member,
    _ schema: JSON,
    _ value: JSON,
    _ depth: Depth
  ) throws -> Bool {
    let rule = member.value
    func fits(_ schema: JSON) throws -> Bool {
      try accepts(value, schema, depth.next(isPart: false))
    }
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
    case "multipleOf":
      // Whole numbers have no rounding, which would let large ones through.
      if case .int(let number) = value, case .int(let step) = rule { return number % step == 0 }
      return value.number.map { Self.isMultiple($0, of: rule.number ?? 0) } ?? true
    case "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum":
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
    case .array(let items): return try list(member, schema, items, depth)
    case .object: return try object(member, schema, value.members, depth)
    default: return true
    }
  }

  private static func holds(_ key: String, _ limit: Double, _ number: Double) -> Bool {
    switch key {
    case "maximum": return number <= limit
    case "exclusiveMaximum": return number < limit
    case "minimum": return number >= limit
    default: return number > limit
    }
  }

  /// Whether it is one as far as decimals show: 0.3 is a multiple of 0.1, although no binary fraction says so. Number, step and product
  /// are each off by half a unit in the last place at most.
  private static func isMultiple(_ number: Double, of step: Double) -> Bool {
    let times = (number / step).rounded()
    return times.isFinite && abs(times * step - number) <= 4 * number.ulp
  }

  private static func isWithin(_ key: String, _ count: Int, _ rule: JSON) -> Bool {
    let limit = rule.whole ?? 0
    return key.utf8.starts(with: "max".utf8) ? count <= limit : count >= limit
  }

  private func list(
    _ member: JSON.Member,
    _ schema: JSON,
    _ items: [JSON],
    _ depth: Depth
  ) throws -> Bool {
    let (rule, inner) = (member.value, depth.next(isPart: true))
    switch member.key {
    case "maxItems", "minItems": return Self.isWithin(member.key, items.count, rule)
    case "uniqueItems":
      // As texts, so that a long list is not compared with itself.
      return rule != .bool(true) || Set(items.map(\.canonical)).count == items.count
    case "prefixItems":
      return try zip(items, rule.items).allSatisfy { try accepts($0, $1, inner) }
    case "items":
      let rest = items.dropFirst(schema["prefixItems"]?.items.count ?? 0)
      return try rest.allSatisfy { try accepts($0, rule, inner) }
    case "contains":
      let count = try items.count { try accepts($0, rule, inner) }
      let most = schema["maxContains"]?.whole ?? .max
      return count >= schema["minContains"]?.whole ?? 1 && count <= most
    default: return true
    }
  }

  private func object(
    _ member: JSON.Member,
    _ schema: JSON,
    _ members: [JSON.Member],
    _ depth: Depth
  ) throws -> Bool {
    let (rule, inner) = (member.value, depth.next(isPart: true))
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
        try !names.contains(entry.key)
          || accepts(.object(members), entry.value, depth.next(isPart: false))
      }
    case "properties":
      return try members.allSatisfy { entry in
        try rule[entry.key].map { try accepts(entry.value, $0, inner) } ?? true
      }
    case "patternProperties":
      return try members.allSatisfy { entry in
        let key = Array(entry.key.unicodeScalars)
        return try rule.members.allSatisfy { schema in
          try patterns[schema.key]?.firstMatch(in: key, .search) == nil
            || accepts(entry.value, schema.value, inner)
        }
      }
    case "additionalProperties":
      let known = Set(schema["properties"]?.members.map(\.key) ?? [])
      let matched = (schema["patternProperties"]?.members ?? []).compactMap { patterns[$0.key] }
      return try members.allSatisfy { entry in
        let key = Array(entry.key.unicodeScalars)
        if known.contains(entry.key) { return true }
        if matched.contains(where: { $0.firstMatch(in: key, .search) != nil }) { return true }
        return try accepts(entry.value, rule, inner)
      }
    case "propertyNames":
      return try names.allSatisfy { try accepts(.string($0), rule, inner) }
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
