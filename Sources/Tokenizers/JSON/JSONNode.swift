/// A JSON value together with where it stands, so that each error names file and path.
struct JSONNode {
  let value: JSONValue
  let path: String
  let file: String

  init(_ value: JSONValue, path: String = "", file: String) {
    self.value = value
    self.path = path
    self.file = file
  }

  func failure(_ problem: String, value: String? = nil, cure: String) -> TokenizerError {
    TokenizerError(file: file, path: path, problem: problem, value: value, cure: cure)
  }

  private func wrongType(_ expected: String) -> TokenizerError {
    failure(
      "expected \(expected)",
      value: value.serialized(),
      cure: "Put \(expected) there, or write the file again with the `tokenizers` library"
    )
  }

  /// The member `key`; nil where it is absent or null.
  func optional(_ key: String) throws(TokenizerError) -> JSONNode? {
    guard case .object(let object) = value else { throw wrongType("an object") }
    guard let member = object[key], member != .null else { return nil }
    return child(member, key)
  }

  func required(_ key: String) throws(TokenizerError) -> JSONNode {
    guard let node = try optional(key) else {
      throw child(.null, key).failure(
        "the key is missing",
        cure: "Write the file again with the `tokenizers` library"
      )
    }
    return node
  }

  private func child(_ member: JSONValue, _ key: String) -> JSONNode {
    JSONNode(member, path: path.isEmpty ? key : "\(path).\(key)", file: file)
  }

  func string() throws(TokenizerError) -> String {
    guard case .string(let text) = value else { throw wrongType("a string") }
    return text
  }

  func bool() throws(TokenizerError) -> Bool {
    guard case .bool(let flag) = value else { throw wrongType("true or false") }
    return flag
  }

  func int(atLeast minimum: Int) throws(TokenizerError) -> Int {
    guard case .int(let number) = value, number >= minimum else {
      throw wrongType("an integer of at least \(minimum)")
    }
    return number
  }

  /// A string of exactly one Unicode scalar.
  func character() throws(TokenizerError) -> [UInt8] {
    guard case .string(let text) = value, text.unicodeScalars.count == 1 else {
      throw wrongType("a string of one character")
    }
    return Array(text.utf8)
  }

  /// A token's id: an integer of at least 0 that fits 32 bits.
  func tokenID() throws(TokenizerError) -> Int32 {
    guard case .int(let number) = value, let id = Int32(exactly: number), id >= 0 else {
      throw wrongType("an id from 0 to \(Int32.max)")
    }
    return id
  }

  func elements() throws(TokenizerError) -> [JSONNode] {
    guard case .array(let values) = value else { throw wrongType("an array") }
    return values.enumerated().map {
      JSONNode($0.element, path: "\(path)[\($0.offset)]", file: file)
    }
  }

  func object() throws(TokenizerError) -> JSONObject {
    guard case .object(let object) = value else { throw wrongType("an object") }
    return object
  }

  func bool(_ key: String, default fallback: Bool) throws(TokenizerError) -> Bool {
    try optional(key)?.bool() ?? fallback
  }

  func type() throws(TokenizerError) -> String { try required("type").string() }

  /// The error for a component, mode or pattern that this library does not have.
  func unsupported(_ what: String, supported: String) -> TokenizerError {
    failure(
      "unsupported \(what)",
      value: value.typeName == "an object" ? nil : value.serialized(),
      cure: "Supported: \(supported)"
    )
  }
}
