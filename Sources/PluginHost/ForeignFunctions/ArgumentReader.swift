import Components

/// The value of one argument for one item.
enum ArgumentValue: Equatable {
  /// A scalar, in the lowest bytes.
  case bits(UInt64)
  case text(String)
}

/// Takes the arguments of a function out of items and parameters.
struct ArgumentReader {
  let signature: FunctionSignature

  /// What keeps an argument from being passed.
  struct Problem: Error, Equatable, CustomStringConvertible {
    var message: String
    var cure: String?
    var description: String { cure.map { "\(message); \($0)" } ?? message }
  }

  /// The values of all arguments that differ between items, in order; `nil`: the reward does not apply to the item.
  ///
  /// It does not apply where the row has null in a column that is passed, nor where the completion has a NUL and is passed as a
  /// NUL-terminated text: cut there, "42\0 or 43" would score as "42", and an error would let a model end the run.
  func values(of item: RewardItem) throws(Problem) -> [ArgumentValue?]? {
    var values: [ArgumentValue?] = []
    values.reserveCapacity(signature.arguments.count)
    for argument in signature.arguments {
      switch argument.source {
      case .parameter, .scores, .value(.count): values.append(nil)
      case .value(.completion):
        if argument.type == .string, item.completion.utf8.contains(0) { return nil }
        values.append(.text(item.completion))
      case .value(.prompt):
        try refuseNUL(item.promptText, argument.type, "the prompt")
        values.append(.text(item.promptText))
      case .value(.completionTokens):
        values.append(try number(Int64(item.completionIDs.count), argument.type, "the length"))
      case .value(.truncated): values.append(.bits(item.truncated ? 1 : 0))
      case .column(let name):
        guard let value = try column(name, argument.type, of: item) else { return nil }
        values.append(value)
      }
    }
    return values
  }

  /// The value of a parameter.
  func parameter(
    _ name: String,
    _ type: FunctionSignature.CType,
    in parameters: ParameterValue
  ) throws(Problem) -> ArgumentValue {
    let place = "the parameter '\(name)'"
    switch parameters[name] ?? .null {
    case .bool(let flag): return .bits(flag ? 1 : 0)
    case .int(let value): return try number(value, type, place)
    case .double(let value): return try real(value, type, place)
    case .string(let text):
      try refuseNUL(text, type, place)
      return .text(text)
    case let other: throw Problem(message: "\(place) is \(other.typeName)")
    }
  }

  private func column(
    _ name: String,
    _ type: FunctionSignature.CType,
    of item: RewardItem
  ) throws(Problem) -> ArgumentValue? {
    let place = "the column '\(name)'"
    let found: String
    switch item.example.column(name) ?? .null {
    case .null: return nil
    case .text(let text):
      if !type.isScalar {
        try refuseNUL(text, type, place)
        return .text(text)
      }
      found = "text"
    case .int(let value):
      if type.isScalar { return try number(value, type, place) }
      found = "the whole number \(value)"
    case .real(let value):
      if type.isScalar { return try real(value, type, place) }
      found = "the real number \(value)"
    case .list: found = "a list"
    case .messages: found = "a conversation"
    }
    throw Problem(
      message: "\(place) is \(found), the function wants \(type.rawValue)",
      cure: "pass it as what it is, or use a dataset whose column fits"
    )
  }

  private func refuseNUL(
    _ text: String,
    _ type: FunctionSignature.CType,
    _ place: String
  ) throws(Problem) {
    guard type == .string, text.utf8.contains(0) else { return }
    throw Problem(
      message: "\(place) has a NUL, where the function would take it to end",
      cure: "pass it as text (pointer and length)"
    )
  }

  // MARK: Numbers

  private func number(
    _ value: Int64,
    _ type: FunctionSignature.CType,
    _ place: String
  ) throws(Problem) -> ArgumentValue {
    switch type {
    case .int32:
      if let small = Int32(exactly: value) { return .bits(UInt64(UInt32(bitPattern: small))) }
    case .int64: return .bits(UInt64(bitPattern: value))
    case .uint64: if value >= 0 { return .bits(UInt64(value)) }
    case .float: return .bits(UInt64(Float(value).bitPattern))
    case .double: return .bits(Double(value).bitPattern)
    case .bool: if value == 0 || value == 1 { return .bits(UInt64(value)) }
    case .string, .text: break
    }
    throw Problem(
      message: "\(place) is \(value), which no \(type.rawValue) can be",
      cure: "pass it as a wider type"
    )
  }

  private func real(
    _ value: Double,
    _ type: FunctionSignature.CType,
    _ place: String
  ) throws(Problem) -> ArgumentValue {
    switch type {
    case .float: return .bits(UInt64(Float(value).bitPattern))
    case .double: return .bits(value.bitPattern)
    default:
      guard let whole = Int64(exactly: value) else {
        throw Problem(
          message: "\(place) is \(value), which no \(type.rawValue) can be",
          cure: "pass it as double"
        )
      }
      return try number(whole, type, place)
    }
  }
}
