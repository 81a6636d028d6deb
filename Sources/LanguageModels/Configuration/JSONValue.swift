import Foundation
import Tokenizers

/// A JSON document as values, so that integers stay integers and errors can show what was found.
enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Parses a document.
  ///
  /// - Throws: What is wrong with the bytes and where, as a `JSONValue.ParseError`.
  init(parsing bytes: Data) throws(ParseError) {
    do {
      self.init(try Tokenizers.JSONValue(json: bytes))
    } catch {
      let found = error.value.map { " (found \($0))" } ?? ""
      throw ParseError(description: "\(error.path): \(error.problem)\(found)")
    }
  }

  /// Of members with the same key the last one counts, as in Python.
  private init(_ value: Tokenizers.JSONValue) {
    self =
      switch value {
      case .null: .null
      case .bool(let flag): .bool(flag)
      case .int(let number): .int(number)
      case .double(let number): .double(number)
      case .string(let text): .string(text)
      case .array(let elements): .array(elements.map { JSONValue($0) })
      case .object(let object):
        .object(
          Dictionary(
            object.members.map { ($0.key, JSONValue($0.value)) },
            uniquingKeysWith: { $1 }
          )
        )
      }
  }

  /// Why bytes are not JSON.
  struct ParseError: Error, CustomStringConvertible {
    let description: String
  }
}

extension JSONValue {
  /// The value as indented JSON with sorted keys, as transformers writes it: diffs stay small.
  func serialized(indent: String = "") -> String {
    switch self {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return "\(value)"
    case .double(let value):
      // JSON has no spelling for these; the readers of the two configurations refuse them.
      precondition(value.isFinite, "JSON cannot hold \(value)")
      return "\(value)"
    case .string(let value): return JSONValue.quoted(value)
    case .array(let values):
      if values.isEmpty { return "[]" }
      let inner = indent + "  "
      let lines = values.map { inner + $0.serialized(indent: inner) }
      return "[\n" + lines.joined(separator: ",\n") + "\n" + indent + "]"
    case .object(let members):
      if members.isEmpty { return "{}" }
      let inner = indent + "  "
      let lines = members.sorted { $0.key < $1.key }.map {
        inner + JSONValue.quoted($0.key) + ": " + $0.value.serialized(indent: inner)
      }
      return "{\n" + lines.joined(separator: ",\n") + "\n" + indent + "}"
    }
  }

  /// The value on one line, for error messages.
  var summary: String {
    let text = serialized().split(whereSeparator: \.isNewline)
      .map { $0.drop { $0 == " " } }.joined(separator: " ")
    return text.count > 120 ? text.prefix(120) + "..." : text
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      default:
        if scalar.value < 0x20 {
          let hex = String(scalar.value, radix: 16)
          out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    return out + "\""
  }
}
