public import Components

// Parameters as a configuration file would give them: ["gamma": 3.0, "norm": "last"].

extension ParameterValue: ExpressibleByIntegerLiteral {
  /// Creates a whole number.
  public init(integerLiteral value: Int64) { self = .int(value) }
}

extension ParameterValue: ExpressibleByFloatLiteral {
  /// Creates a real number.
  public init(floatLiteral value: Double) { self = .double(value) }
}

extension ParameterValue: ExpressibleByStringLiteral {
  /// Creates text.
  public init(stringLiteral value: String) { self = .string(value) }
}

extension ParameterValue: ExpressibleByDictionaryLiteral {
  /// Creates a table.
  public init(dictionaryLiteral elements: (String, ParameterValue)...) {
    self = .object(elements.map { ParameterEntry($0, $1) })
  }
}

extension ParameterValue: ExpressibleByBooleanLiteral {
  /// Creates a truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension ParameterValue: ExpressibleByArrayLiteral {
  /// Creates a list.
  public init(arrayLiteral values: ParameterValue...) { self = .array(values) }
}
