import Foundation

/// Typed look-ups in a JSON object whose errors name the file and the key.
struct ConfigurationReader {
  /// The file, or the section of a run's configuration, for error messages.
  let file: String
  /// The keys before this object, as in `rope_parameters.`.
  let path: String
  let members: [String: JSONValue]

  init(parsing bytes: Data, file: String) throws(ModelConfigurationError) {
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes) } catch {
      throw .malformed(file: file, reason: error.description)
    }
    guard case .object(let members) = value else {
      throw .malformed(file: file, reason: "found \(value.summary)")
    }
    self.init(file: file, path: "", members: members)
  }

  init(file: String, path: String, members: [String: JSONValue]) {
    self.file = file
    self.path = path
    self.members = members
  }

  /// The value of a key; JSON null counts as absent.
  subscript(key: String) -> JSONValue? {
    guard let value = members[key], value != .null else { return nil }
    return value
  }

  func require<Value>(
    _ key: String,
    _ read: (String) throws(ModelConfigurationError) -> Value?
  ) throws(ModelConfigurationError) -> Value {
    guard let value = try read(key) else { throw .missingKey(file: file, key: path + key) }
    return value
  }

  func int(_ key: String) throws(ModelConfigurationError) -> Int? {
    guard let value = self[key] else { return nil }
    guard case .int(let number) = value else { throw wrongType(key, value, "an integer") }
    return number
  }

  func double(_ key: String) throws(ModelConfigurationError) -> Double? {
    guard let value = self[key] else { return nil }
    switch value {
    case .int(let number): return Double(number)
    case .double(let number) where number.isFinite: return number
    default: throw wrongType(key, value, "a number")
    }
  }

  func bool(_ key: String) throws(ModelConfigurationError) -> Bool? {
    guard let value = self[key] else { return nil }
    guard case .bool(let flag) = value else { throw wrongType(key, value, "true or false") }
    return flag
  }

  func string(_ key: String) throws(ModelConfigurationError) -> String? {
    guard let value = self[key] else { return nil }
    guard case .string(let text) = value else { throw wrongType(key, value, "a string") }
    return text
  }

  func strings(_ key: String) throws(ModelConfigurationError) -> [String]? {
    guard let value = self[key] else { return nil }
    guard case .array(let values) = value else { throw wrongType(key, value, "a list of strings") }
    var texts: [String] = []
    for element in values {
      guard case .string(let text) = element else {
        throw wrongType(key, value, "a list of strings")
      }
      texts.append(text)
    }
    return texts
  }

  func object(_ key: String) throws(ModelConfigurationError) -> ConfigurationReader? {
    guard let value = self[key] else { return nil }
    guard case .object(let members) = value else { throw wrongType(key, value, "an object") }
    return ConfigurationReader(file: file, path: path + key + ".", members: members)
  }

  /// Token ids given as one integer or as a list of them; `nil` where the key is absent.
  func tokens(_ key: String) throws(ModelConfigurationError) -> [Int32]? {
    guard let value = self[key] else { return nil }
    let elements: [JSONValue]
    if case .array(let values) = value { elements = values } else { elements = [value] }
    var ids: [Int32] = []
    for element in elements {
      guard case .int(let number) = element else {
        throw wrongType(key, value, "a token id or a list of token ids")
      }
      guard let id = Int32(exactly: number), id >= 0 else {
        throw invalid(key, value, "token ids of 0 or more")
      }
      ids.append(id)
    }
    return ids
  }

  func wrongType(_ key: String, _ value: JSONValue, _ expected: String) -> ModelConfigurationError {
    .wrongType(file: file, key: path + key, value: value.summary, expected: expected)
  }

  func invalid(_ key: String, _ value: JSONValue, _ expected: String) -> ModelConfigurationError {
    .invalidValue(file: file, key: path + key, value: value.summary, expected: expected)
  }

  func unsupported(
    _ key: String,
    _ value: JSONValue,
    supported: String
  ) -> ModelConfigurationError {
    .unsupported(file: file, key: path + key, value: value.summary, supported: supported)
  }

  /// Refuses keys outside `known`, naming the one that was probably meant.
  func refuseKeys(outside known: Set<String>) throws(ModelConfigurationError) {
    for key in members.keys.sorted() where !known.contains(key) {
      throw .unknownKey(file: file, key: path + key, nearest: nearestKey(to: key, in: known))
    }
  }

  /// The known key with the smallest edit distance, where that is small enough to be a misspelling.
  private func nearestKey(to key: String, in known: Set<String>) -> String? {
    let scored = known.map { ($0, editDistance(Array(key.utf8), Array($0.utf8))) }
      .min { ($0.1, $0.0) < ($1.1, $1.0) }
    guard let (name, distance) = scored, distance <= max(2, key.utf8.count / 3) else { return nil }
    return name
  }
}

/// Levenshtein distance of two byte strings.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let substitution = diagonal + (x == y ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substitution, row[j] + 1, diagonal + 1)
    }
  }
  return row[b.count]
}
