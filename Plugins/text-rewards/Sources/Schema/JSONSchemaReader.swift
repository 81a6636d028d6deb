import StepwisePlugin

/// Checks that a schema says only what can be checked.
struct JSONSchemaReader {
  let root: JSON
  private(set) var patterns: [String: Pattern] = [:]
  /// Where schemas stand, and where references do.
  private var places: Set<String> = []
  private var references: [(place: String, target: String)] = []

  init(root: JSON) { self.root = root }

  /// What keywords hold.
  private enum Kind {
    case annotation, any, type, array, count, number, positive, flag, pattern, reference
    case schema, schemas, schemaTable, patternTable, names, nameTable
  }

  private static let keywords: [String: Kind] = [
    "$schema": .annotation, "$id": .annotation, "$comment": .annotation, "$defs": .schemaTable,
    "definitions": .schemaTable, "title": .annotation, "description": .annotation,
    "default": .annotation, "examples": .annotation, "deprecated": .annotation,
    "readOnly": .annotation, "writeOnly": .annotation, "format": .annotation,
    "contentEncoding": .annotation, "contentMediaType": .annotation, "contentSchema": .annotation,
    "$ref": .reference, "type": .type, "enum": .array, "const": .any, "multipleOf": .positive,
    "maximum": .number, "exclusiveMaximum": .number, "minimum": .number,
    "exclusiveMinimum": .number, "maxLength": .count, "minLength": .count, "pattern": .pattern,
    "maxItems": .count, "minItems": .count, "uniqueItems": .flag, "maxContains": .count,
    "minContains": .count, "maxProperties": .count, "minProperties": .count, "required": .names,
    "dependentRequired": .nameTable, "prefixItems": .schemas, "items": .schema,
    "contains": .schema, "properties": .schemaTable, "patternProperties": .patternTable,
    "additionalProperties": .schema, "propertyNames": .schema, "dependentSchemas": .schemaTable,
    "allOf": .schemas, "anyOf": .schemas, "oneOf": .schemas, "not": .schema, "if": .schema,
    "then": .schema, "else": .schema,
  ]
  private static let types: Set<String> = [
    "null", "boolean", "object", "array", "number", "integer", "string",
  ]

  /// Checks a schema and all that it holds.
  mutating func check(_ schema: JSON, at place: String) throws {
    places.insert(place)
    if case .bool = schema { return }
    guard case .object(let members) = schema else {
      throw JSONSchema.Problem(place: place, message: "a schema is an object, true or false")
    }
    for member in members { try check(member, at: "\(place)/\(member.key)") }
  }

  /// Checks that references name schemas that were checked.
  func checkReferences() throws {
    for reference in references {
      let way = JSONSchema.way(of: reference.target)
      guard let way, places.contains(way.map { "/\($0)" }.joined()) else {
        throw JSONSchema.Problem(
          place: reference.place,
          message:
            "\(reference.target) is no schema of this document; references go to `#` and `#/...` only"
        )
      }
    }
  }

  private mutating func check(_ member: JSON.Member, at place: String) throws {
    func refuse(_ expected: String) -> JSONSchema.Problem {
      JSONSchema.Problem(place: place, message: "it must be \(expected)")
    }
    guard let kind = Self.keywords[member.key] else {
      throw JSONSchema.Problem(
        place: place,
        message:
          "the keyword '\(member.key)' is not supported; see the plugin's README for those that are"
      )
    }
    let value = member.value
    switch kind {
    case .annotation, .any: break
    case .type:
      let names = value.strings ?? value.string.map { [$0] } ?? []
      guard !names.isEmpty, names.allSatisfy(Self.types.contains) else {
        throw refuse("one of \(Self.types.sorted().joined(separator: ", ")), or a list of them")
      }
    case .array: guard case .array = value else { throw refuse("a list") }
    case .count:
      guard let count = value.whole, count >= 0 else { throw refuse("a whole number, 0 or more") }
    case .number: guard value.number != nil else { throw refuse("a number") }
    case .positive:
      guard let number = value.number, number > 0 else { throw refuse("a number above 0") }
    case .flag: guard case .bool = value else { throw refuse("true or false") }
    case .pattern:
      guard let text = value.string else { throw refuse("a regular expression") }
      try compile(text, at: place)
    case .reference:
      guard let text = value.string else { throw refuse("a reference") }
      references.append((place, text))
    case .schema: try check(value, at: place)
    case .schemas:
      guard case .array(let schemas) = value, !schemas.isEmpty else {
        throw refuse("a list of schemas")
      }
      for (index, schema) in schemas.enumerated() { try check(schema, at: "\(place)/\(index)") }
    case .schemaTable, .patternTable:
      guard case .object(let schemas) = value else { throw refuse("an object of schemas") }
      for schema in schemas {
        if case .patternTable = kind { try compile(schema.key, at: "\(place)/\(schema.key)") }
        try check(schema.value, at: "\(place)/\(schema.key)")
      }
    case .names: guard value.strings != nil else { throw refuse("a list of names") }
    case .nameTable:
      guard case .object(let lists) = value, lists.allSatisfy({ $0.value.strings != nil }) else {
        throw refuse("an object of lists of names")
      }
    }
  }

  private mutating func compile(_ text: String, at place: String) throws {
    do { patterns[text] = try Pattern(text) } catch let problem as Pattern.Problem {
      throw JSONSchema.Problem(
        place: place,
        message: "the pattern \(text.debugDescription), \(problem)"
      )
    }
  }
}

extension JSON {
  var string: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  var strings: [String]? {
    guard case .array(let items) = self else { return nil }
    let texts = items.compactMap(\.string)
    return texts.count == items.count ? texts : nil
  }

  var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  /// A number without fraction: 1.0 is one, too.
  var whole: Int? {
    switch self {
    case .int(let value): Int(value)
    case .double(let value): Int(exactly: value)
    default: nil
    }
  }
}
