import Components

/// Why a value cannot be used; the key adds place and name.
struct KeyRefusal: Error {
  var problem: String
  var cure: String
}

/// How a key's value is written: its name in words, how it is read, and how it is written back.
struct KeyType<Value: Sendable>: Sendable {
  /// What is expected, with its article: "a whole number, 1 or more".
  var name: String
  var decode: @Sendable (ParameterValue) throws(KeyRefusal) -> Value
  var encode: @Sendable (Value) -> ParameterValue
}

extension KeyType where Value == Int {
  /// A whole number of at least `minimum`, or one of the `special` ones below it.
  static func whole(_ minimum: Int, special: [Int: String] = [:]) -> Self {
    let extras = special.sorted { $0.key < $1.key }.map { ", or \($0.key) for \($0.value)" }
    let name = "a whole number, \(minimum) or more" + extras.joined()
    return KeyType(
      name: name,
      decode: { value throws(KeyRefusal) in
        guard case .int(let number) = value else { throw .wrongType(value, name) }
        // Products of two keys must fit into an Int.
        guard let number = Int32(exactly: number).map(Int.init),
          number >= minimum || special[number] != nil
        else { throw .outOfRange(value, name) }
        return number
      },
      encode: { .int(Int64($0)) }
    )
  }
}

extension KeyType where Value == UInt64 {
  /// A seed.
  static var seed: Self {
    let name = "a whole number, 0 to \(Int64.max)"
    return KeyType(
      name: name,
      decode: { value throws(KeyRefusal) in
        guard case .int(let number) = value else { throw .wrongType(value, name) }
        guard number >= 0 else { throw .outOfRange(value, name) }
        return UInt64(number)
      },
      encode: { .int(Int64(clamping: $0)) }
    )
  }
}

extension KeyType where Value == Double {
  /// A finite real number for which `isInside` holds; whole ones are real too.
  static func real(_ range: String, _ isInside: @escaping @Sendable (Double) -> Bool) -> Self {
    let name = range.isEmpty ? "a real number" : "a real number, \(range)"
    return KeyType(
      name: name,
      decode: { value throws(KeyRefusal) in
        let number: Double
        switch value {
        case .int(let whole): number = Double(whole)
        case .double(let real): number = real
        default: throw .wrongType(value, name)
        }
        guard number.isFinite, isInside(number) else { throw .outOfRange(value, name) }
        return number
      },
      encode: { .double($0) }
    )
  }

  /// Any finite number.
  static var real: Self { real("") { _ in true } }
  /// Above 0.
  static var positive: Self { real("above 0") { $0 > 0 } }
  /// 0 or more.
  static var notNegative: Self { real("0 or more") { $0 >= 0 } }
  /// From 0 to 1, both included.
  static var share: Self { real("0 to 1") { (0...1).contains($0) } }
  /// Above 0, up to 1.
  static var positiveShare: Self { real("above 0, up to 1") { $0 > 0 && $0 <= 1 } }
  /// From 0 up to, but not including, 1.
  static var decay: Self { real("0 or more, below 1") { (0..<1).contains($0) } }
}

extension KeyType where Value == Bool {
  /// true or false.
  static var flag: Self {
    KeyType(
      name: "true or false",
      decode: { value throws(KeyRefusal) in
        guard case .bool(let flag) = value else { throw .wrongType(value, "true or false") }
        return flag
      },
      encode: { .bool($0) }
    )
  }
}

extension KeyType where Value == String {
  /// Text, not empty.
  static func text(_ name: String = "text") -> Self {
    KeyType(
      name: name,
      decode: { value throws(KeyRefusal) in
        guard case .string(let text) = value else { throw .wrongType(value, name) }
        guard !text.isEmpty else { throw .outOfRange(value, "\(name) that is not empty") }
        return text
      },
      encode: { .string($0) }
    )
  }
}

extension KeyType where Value == ParameterValue {
  /// A table of any keys.
  static var table: Self {
    KeyType(
      name: "a table",
      decode: { value throws(KeyRefusal) in
        guard case .object = value else { throw .wrongType(value, "a table") }
        return value
      },
      encode: { $0 }
    )
  }
}

extension KeyType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of an enumeration's words. `later` are TRL's words that Stepwise does not support yet.
  static func choice(later: [String] = []) -> Self {
    let words = Value.allCases.map(\.rawValue)
    let name = "one of \(words.joined(separator: ", "))"
    return KeyType(
      name: name,
      decode: { value throws(KeyRefusal) in
        // TRL writes `scale_rewards: none`, and YAML's own `null` means the same there.
        let word: String
        switch value {
        case .string(let text): word = text
        case .null where words.contains("none"): word = "none"
        default: throw .wrongType(value, name)
        }
        if let choice = Value(rawValue: word) { return choice }
        if later.contains(word) {
          throw KeyRefusal(
            problem: "\(word) is not supported yet",
            cure: "Use \(name)"
          )
        }
        let near = nearestName(to: word, among: words)
        throw KeyRefusal(
          problem: "\(value.shown) is not \(name)",
          cure: near.map { "Did you mean \($0)?" } ?? "Use \(name)"
        )
      },
      encode: { .string($0.rawValue) }
    )
  }
}

extension KeyType {
  /// The same, or null.
  func orNull(_ meaning: String) -> KeyType<Value?> {
    let name = "\(name), or null for \(meaning)"
    return KeyType<Value?>(
      name: name,
      decode: { value throws(KeyRefusal) in
        value == .null ? nil : try decode(value)
      },
      encode: { $0.map(encode) ?? .null }
    )
  }
}

extension KeyRefusal {
  /// The value is of another type than the key's.
  static func wrongType(_ value: ParameterValue, _ expected: String) -> Self {
    var cure = "Write \(expected)"
    if case .string(let text) = value {
      switch ScalarResolver.value(ofPlain: text) {
      case .int, .double, .bool: cure += ", without quotes"
      default: break
      }
    }
    return Self(problem: "\(value.shown) (\(value.typeName)) is not \(expected)", cure: cure)
  }

  /// The value is of the right type and not among the allowed ones.
  static func outOfRange(_ value: ParameterValue, _ expected: String) -> Self {
    Self(problem: "\(value.shown) is not \(expected)", cure: "Write \(expected)")
  }
}
