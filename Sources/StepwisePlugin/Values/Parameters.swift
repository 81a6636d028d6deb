/// A component's parameters, as its manifest declares them: the host has filled in the defaults and checked types and ranges.
///
///     gamma = try parameters.double("gamma")
///     words = try parameters.strings("words", default: [])
///
/// Each getter throws a `PluginFailure` that names the key where it is absent without a default or has another type.
public struct Parameters: Sendable, Equatable {
  /// The whole object.
  public let json: JSON

  /// Reads a JSON object; for tests of a component, `Parameters(json: #"{"gamma": 1}"#)`.
  public init(json text: String) throws {
    json = try JSON(parsing: text)
    guard case .object = json else {
      throw PluginFailure(.argument, "the parameters are \(json.typeName), not an object")
    }
  }

  /// No parameters.
  public init() { json = .object([]) }

  /// The value as it is; `nil` where the key is absent or null.
  public func value(_ key: String) -> JSON? {
    let value = json[key]
    return value == .null ? nil : value
  }

  /// A real number; a whole one is converted.
  public func double(_ key: String, default fallback: Double? = nil) throws -> Double {
    try get(key, fallback, "a number") { $0.double }
  }

  /// A whole number.
  public func int(_ key: String, default fallback: Int? = nil) throws -> Int {
    try get(key, fallback, "a whole number") { $0.int }
  }

  /// True or false.
  public func bool(_ key: String, default fallback: Bool? = nil) throws -> Bool {
    try get(key, fallback, "a boolean") {
      if case .bool(let value) = $0 { return value }
      return nil
    }
  }

  /// Text.
  public func string(_ key: String, default fallback: String? = nil) throws -> String {
    try get(key, fallback, "text") { $0.string }
  }

  /// One of the values of an enumeration, by its raw value, as the manifest's `enum` lists them.
  public func choice<Value: RawRepresentable<String> & CaseIterable>(
    _ key: String,
    default fallback: Value? = nil
  ) throws -> Value {
    let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
    let name = try get(key, fallback?.rawValue, "one of \(names)") { $0.string }
    guard let value = Value(rawValue: name) else {
      throw PluginFailure(.argument, "parameter '\(key)' is \(name), not one of \(names)")
    }
    return value
  }

  /// A list of numbers.
  public func doubles(_ key: String, default fallback: [Double]? = nil) throws -> [Double] {
    try get(key, fallback, "a list of numbers") { $0.list { $0.double } }
  }

  /// A list of whole numbers.
  public func ints(_ key: String, default fallback: [Int]? = nil) throws -> [Int] {
    try get(key, fallback, "a list of whole numbers") { $0.list { $0.int } }
  }

  /// A list of texts.
  public func strings(_ key: String, default fallback: [String]? = nil) throws -> [String] {
    try get(key, fallback, "a list of texts") { $0.list { $0.string } }
  }

  private func get<T>(
    _ key: String,
    _ fallback: T?,
    _ expected: String,
    _ convert: (JSON) -> T?
  ) throws -> T {
    guard let value = value(key) else {
      if let fallback { return fallback }
      throw PluginFailure(.argument, "parameter '\(key)' is missing; it is \(expected)")
    }
    guard let converted = convert(value) else {
      throw PluginFailure(.argument, "parameter '\(key)' is \(value.typeName), not \(expected)")
    }
    return converted
  }
}

extension JSON {
  fileprivate var double: Double? {
    switch self {
    case .int(let value): return Double(value)
    case .double(let value): return value
    default: return nil
    }
  }

  fileprivate var int: Int? {
    switch self {
    case .int(let value): return Int(value)
    case .double(let value): return Int(exactly: value)
    default: return nil
    }
  }

  fileprivate var string: String? {
    if case .string(let value) = self { return value }
    return nil
  }

  fileprivate func list<T>(_ convert: (JSON) -> T?) -> [T]? {
    guard case .array(let values) = self else { return nil }
    let converted = values.compactMap(convert)
    return converted.count == values.count ? converted : nil
  }
}
