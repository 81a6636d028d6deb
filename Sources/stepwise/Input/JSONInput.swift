import Components
import Tokenizers

/// A value of a JSON input that knows its path, so that errors can say where they are.
struct JSONInput {
  let value: JSONValue
  let file: String
  /// For example `line 3: input_ids[7]`.
  let path: String

  /// Reads a whole file.
  static func read(_ path: String) throws -> JSONInput {
    let value = try JSONValue(json: try InputFile.bytes(path), file: path)
    return JSONInput(value: value, file: path, path: "")
  }

  /// Reads a file with one JSON value a line; blank lines are passed over.
  static func readLines(_ path: String) throws -> [JSONInput] {
    let lines = try InputFile.bytes(path).split(
      separator: UInt8(ascii: "\n"),
      omittingEmptySubsequences: false
    )
    return try lines.enumerated().compactMap { number, line in
      if line.allSatisfy({ [0x20, 0x09, 0x0d].contains($0) }) { return nil }
      let place = "line \(number + 1)"
      let value = try JSONValue(json: line, file: "\(path), \(place)")
      return JSONInput(value: value, file: path, path: place)
    }
  }

  /// An error at this value.
  func failure(_ problem: String, cure: String) -> InputError {
    InputError(file, path, problem, cure: cure)
  }

  /// The value of a member; `nil` where it is absent or null.
  func member(_ key: String) throws -> JSONInput? {
    guard case .object(let object) = value else {
      throw failure("not an object", cure: "Write {\"\(key)\": ...}")
    }
    guard let value = object[key], value != .null else { return nil }
    return JSONInput(value: value, file: file, path: joined(key))
  }

  /// The value of a member that must be there.
  func required(_ key: String) throws -> JSONInput {
    guard let found = try member(key) else {
      throw failure("\(key) is missing", cure: "Add it")
    }
    return found
  }

  /// The elements of an array.
  func elements() throws -> [JSONInput] {
    guard case .array(let values) = value else {
      throw failure("not an array", cure: "Write [...]")
    }
    return values.enumerated().map {
      JSONInput(value: $1, file: file, path: "\(path)[\($0)]")
    }
  }

  /// A whole number.
  func whole() throws -> Int {
    switch value {
    case .int(let number): return number
    case .double(let number):
      // Python writes a count that went through a float as 234.0.
      if let exact = Int(exactly: number) { return exact }
      fallthrough
    default: throw failure("\(shown) is not a whole number", cure: "Write one")
    }
  }

  /// A finite real number.
  func real() throws -> Double {
    switch value {
    case .int(let number): return Double(number)
    case .double(let number) where number.isFinite: return number
    default: throw failure("\(shown) is not a finite number", cure: "Write one")
    }
  }

  /// Text.
  func text() throws -> String {
    guard case .string(let text) = value else {
      throw failure("\(shown) is not text", cure: "Write \"...\"")
    }
    return text
  }

  /// Token ids, each inside the vocabulary.
  func tokenIDs(vocabularySize: Int) throws -> [Int32] {
    try elements().map { element in
      let id = try element.whole()
      guard (0..<vocabularySize).contains(id) else {
        throw element.failure(
          "token id \(id) is not in the model's vocabulary of \(vocabularySize)",
          cure: "Use the tokenizer that belongs to the model"
        )
      }
      return Int32(id)
    }
  }

  /// Real numbers.
  func reals() throws -> [Double] { try elements().map { try $0.real() } }

  private var shown: String {
    value.parameter.shown
  }

  private func joined(_ key: String) -> String {
    path.isEmpty
      ? key
      : path.hasPrefix("line") && !path.contains(":")
        ? "\(path): \(key)" : "\(path).\(key)"
  }
}

extension JSONValue {
  /// The value as configuration keys take it.
  var parameter: ParameterValue {
    switch self {
    case .null: return .null
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(Int64(value))
    case .double(let value): return .double(value)
    case .string(let value): return .string(value)
    case .array(let values): return .array(values.map(\.parameter))
    case .object(let object):
      return .object(object.members.map { ParameterEntry($0.key, $0.value.parameter) })
    }
  }
}
