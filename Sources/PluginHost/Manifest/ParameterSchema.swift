public import Components

/// The parameters that a component takes, in the manifest's order.
public struct ParameterSchema: Sendable, Equatable {
  /// One parameter.
  public struct Parameter: Sendable, Equatable {
    /// Its key.
    public var name: String
    /// What it takes.
    public var type: ParameterType
    /// What the items of a list are.
    public var items: ParameterType?
    /// What a text stands for; `nil` for just text.
    public var format: Format?
    /// The value where none is given; `nil`: see `isRequired`.
    public var defaultValue: ParameterValue?
    /// The lowest number, or the smallest count of a list.
    public var minimum: Double?
    /// The highest number, or the largest count of a list.
    public var maximum: Double?
    /// The only values that are allowed; empty for all.
    public var allowed: [ParameterValue]
    /// What it means, in one line.
    public var description: String
    /// Whether it may change while a run goes on.
    public var isChangeable: Bool
    /// Whether it must be given.
    public var isRequired: Bool
  }

  /// What a parameter takes.
  public enum ParameterType: String, Sendable, CaseIterable {
    /// A whole number.
    case integer
    /// Any finite number.
    case number
    /// True or false.
    case boolean
    /// Text.
    case string
    /// A list.
    case array
    /// A table, unchecked.
    case object
  }

  /// What a text stands for.
  public enum Format: String, Sendable, CaseIterable {
    /// A file or folder that is there. The plugin gets an absolute path: the catalog expands `~/` and completes a relative one
    /// from the reference's base directory.
    case path
  }

  /// The parameters.
  public var parameters: [Parameter]

  /// Creates a schema.
  public init(_ parameters: [Parameter] = []) { self.parameters = parameters }

  /// The parameter of that name.
  public subscript(_ name: String) -> Parameter? { parameters.first { $0.name == name } }
}

/// A parameter that does not fit its schema.
public struct ParameterProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// The key.
  public var key: String
  /// What is wrong, with the value.
  public var message: String
  /// What to do about it.
  public var cure: String

  /// One line.
  public var description: String { "parameter '\(key)' \(message); \(cure)" }
}

extension ParameterSchema {
  /// The complete object: every given value checked and brought to its type, defaults filled in, in the schema's order. No file
  /// is looked at: paths stay as they are written.
  ///
  /// - Parameter given: an object, or null for no parameters.
  /// - Throws: `ParameterProblem` with the nearest key where one is unknown.
  public func resolve(_ given: ParameterValue) throws(ParameterProblem) -> ParameterValue {
    let entries: [ParameterEntry]
    switch given {
    case .null: entries = []
    case .object(let given): entries = given
    default:
      throw ParameterProblem(
        key: "parameters",
        message: "is \(given.typeName)",
        cure: "write a table of keys and values"
      )
    }
    var seen: Set<String> = []
    for entry in entries {
      guard self[entry.key] != nil else { throw unknown(entry.key) }
      guard seen.insert(entry.key).inserted else {
        throw ParameterProblem(key: entry.key, message: "is given twice", cure: "remove one")
      }
    }
    var resolved: [ParameterEntry] = []
    for parameter in parameters {
      if let value = given[parameter.name], value != .null {
        resolved.append(ParameterEntry(parameter.name, try parameter.check(value)))
      } else if let value = parameter.defaultValue {
        resolved.append(ParameterEntry(parameter.name, value))
      } else if parameter.isRequired {
        throw ParameterProblem(
          key: parameter.name,
          message: "is missing",
          cure: "give \(parameter.expectation)"
            + (parameter.description.isEmpty ? "" : ": \(parameter.description)")
        )
      }
    }
    return .object(resolved)
  }

  /// Checks that only changeable parameters differ between two resolved objects.
  public func checkChange(
    from old: ParameterValue,
    to new: ParameterValue
  ) throws(ParameterProblem) {
    for parameter in parameters where !parameter.isChangeable {
      guard old[parameter.name] == new[parameter.name] else {
        let changeable = parameters.filter(\.isChangeable).map(\.name)
        throw ParameterProblem(
          key: parameter.name,
          message: "cannot change while the run goes on",
          cure: changeable.isEmpty
            ? "this component has no changeable parameter"
            : "changeable are \(changeable.joined(separator: ", "))"
        )
      }
    }
  }

  private func unknown(_ key: String) -> ParameterProblem {
    let names = parameters.map(\.name)
    let cure: String
    if let nearest = nearestName(to: key, among: names) {
      cure = "did you mean '\(nearest)'?"
    } else if names.isEmpty {
      cure = "this component takes no parameters"
    } else {
      cure = "it takes \(names.joined(separator: ", "))"
    }
    return ParameterProblem(key: key, message: "is unknown", cure: cure)
  }
}

extension ParameterSchema.Parameter {
  /// The value in the parameter's own type: a whole number given for a `number` becomes real, a real one without fraction given
  /// for an `integer` becomes whole.
  func check(_ value: ParameterValue) throws(ParameterProblem) -> ParameterValue {
    guard let converted = Self.convert(value, to: type) else {
      throw problem("is \(value.typeName), \(value.json)")
    }
    switch converted {
    case .int(let number): try checkRange(Double(number), "is \(number)")
    case .double(let number): try checkRange(number, "is \(number)")
    case .array(let values):
      try checkRange(Double(values.count), "has \(values.count) items")
      guard let items else { break }
      var typed: [ParameterValue] = []
      for value in values {
        guard let item = Self.convert(value, to: items) else {
          throw problem("has the item \(value.json), which is \(value.typeName)")
        }
        typed.append(item)
      }
      return .array(typed)
    default: break
    }
    if !allowed.isEmpty, !allowed.contains(converted) {
      var found = problem("is \(converted.json)")
      if case .string(let text) = converted {
        let names = allowed.compactMap { value -> String? in
          if case .string(let name) = value { return name }
          return nil
        }
        if let nearest = nearestName(to: text, among: names) {
          found.cure = "did you mean \"\(nearest)\"? Give \(expectation)"
        }
      }
      throw found
    }
    return converted
  }

  private func checkRange(_ number: Double, _ message: String) throws(ParameterProblem) {
    if let minimum, number < minimum { throw problem(message) }
    if let maximum, number > maximum { throw problem(message) }
  }

  private func problem(_ message: String) -> ParameterProblem {
    ParameterProblem(key: name, message: message, cure: "give \(expectation)")
  }

  private static func convert(
    _ value: ParameterValue,
    to type: ParameterSchema.ParameterType
  ) -> ParameterValue? {
    switch (type, value) {
    case (.integer, .int), (.boolean, .bool), (.string, .string), (.array, .array),
      (.object, .object):
      return value
    case (.integer, .double(let number)): return Int64(exactly: number).map { .int($0) }
    case (.number, .int(let number)): return .double(Double(number))
    case (.number, .double(let number)): return number.isFinite ? value : nil
    default: return nil
    }
  }

  /// What the parameter takes, in words.
  public var expectation: String {
    if !allowed.isEmpty { return "one of " + allowed.map(\.json).joined(separator: ", ") }
    var text: String
    switch type {
    case .integer: text = "a whole number"
    case .number: text = "a number"
    case .boolean: text = "true or false"
    case .string where format == .path: return "the path of a file or folder"
    case .string: return "text (in quotes where it looks like a number)"
    case .array: text = "a list" + (items.map { " of \($0.rawValue)s" } ?? "")
    case .object: text = "a table"
    }
    let unit = type == .array ? " items" : ""
    switch (minimum, maximum) {
    case (let low?, let high?): text += " from \(Self.short(low)) to \(Self.short(high))\(unit)"
    case (let low?, nil): text += " of at least \(Self.short(low))\(unit)"
    case (nil, let high?): text += " of at most \(Self.short(high))\(unit)"
    case (nil, nil): break
    }
    return text
  }

  private static func short(_ number: Double) -> String {
    Int64(exactly: number).map(String.init) ?? number.description
  }
}
