import StepwisePlugin

/// A JSON Schema, draft 2020-12, without what needs other documents or annotations of other keywords.
///
/// A keyword that is not supported is an error when the schema is read, not a keyword that is passed over: a schema that checks
/// less than it says would give rewards for nothing.
struct JSONSchema: Sendable {
  /// Why a schema cannot be used.
  struct Problem: Error, CustomStringConvertible {
    /// A JSON pointer into the schema.
    var place: String
    var message: String
    var description: String { "at \(place.isEmpty ? "#" : "#" + place): \(message)" }
  }

  private let root: JSON
  /// Patterns, compiled once.
  private let patterns: [String: Pattern]

  /// Reads a schema and checks all of it.
  init(_ schema: JSON) throws {
    var reader = JSONSchemaReader(root: schema)
    try reader.check(schema, at: "")
    try reader.checkReferences()
    root = schema
    patterns = reader.patterns
  }

  /// Whether a value fits.
  ///
  /// - Throws: `Problem` where references never end, `JSONSchemaCheck.TooMuch` where the value asks for too many steps.
  func accepts(_ value: JSON) throws -> Bool {
    try JSONSchemaCheck(root: root, patterns: patterns).accepts(value, root)
  }

  /// The way to what a reference names: `#/$defs/tree` is `$defs`, then `tree`; `nil` for one that leaves the document.
  static func way(of reference: String) -> [String]? {
    let parts = reference.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.first == "#" else { return nil }
    return parts.dropFirst().map(unescaped)
  }

  /// The subschema that a reference within the document names; `nil` where there is none.
  static func target(of reference: String, in root: JSON) -> JSON? {
    guard let way = way(of: reference) else { return nil }
    var value = root
    for key in way {
      switch value {
      case .object:
        guard let next = value[key] else { return nil }
        value = next
      case .array(let items):
        guard let index = Int(key), items.indices.contains(index) else { return nil }
        value = items[index]
      default: return nil
      }
    }
    return value
  }

  /// A part of a JSON pointer in a URI fragment: `~1` is a slash, `~0` a tilde, `%25` a percent sign.
  private static func unescaped(_ part: Substring) -> String {
    var bytes: [UInt8] = []
    let source = Array(part.utf8)
    var at = 0
    while at < source.count {
      if source[at] == UInt8(ascii: "%"), at + 2 < source.count,
        let byte = UInt8(String(decoding: source[(at + 1)...(at + 2)], as: UTF8.self), radix: 16)
      {
        bytes.append(byte)
        at += 3
      } else {
        bytes.append(source[at])
        at += 1
      }
    }
    var result: [UInt8] = []
    at = 0
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "~"), at + 1 < bytes.count,
        bytes[at + 1] == UInt8(ascii: "0") || bytes[at + 1] == UInt8(ascii: "1")
      {
        result.append(UInt8(ascii: bytes[at + 1] == UInt8(ascii: "0") ? "~" : "/"))
        at += 2
      } else {
        result.append(bytes[at])
        at += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
