public import StepwisePlugin

/// One row as a table, with the place that its errors name.
public struct Row: Sendable {
  /// Names of turns that a chat template knows.
  public static let roles = ["system", "user", "assistant", "tool"]

  /// `FILE:LINE`.
  public let place: String
  /// Names and values in their order; of a name that stands twice the last value, as Python's reader has it.
  public let members: [JSON.Member]

  /// A row that is read already.
  init(members: [JSON.Member], place: String) {
    self.members = members
    self.place = place
  }

  /// Reads a JSON object.
  public init(json bytes: ArraySlice<UInt8>, place: String) throws {
    self.place = place
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let valid = String(decoding: bytes, as: UTF8.self).utf8
      let offset = zip(valid, bytes).enumerated().first { $0.element.0 != $0.element.1 }?.offset
      throw Self.failure(
        place,
        "not UTF-8 at byte \(offset ?? bytes.count)",
        cure: "convert the file, for example with iconv -t UTF-8"
      )
    }
    let json: JSON
    do {
      json = try JSON(parsing: text)
    } catch let failure as PluginFailure {
      throw Self.failure(place, failure.message, cure: "each line must be one JSON object")
    }
    guard case .object(let members) = json else {
      throw Self.failure(
        place,
        "the line is \(json.kind), not an object",
        cure:
          "write one object for each row, {\"prompt\": ...}; jq -c '.[]' turns a list into lines"
      )
    }
    self.members = Self.unique(members)
  }

  /// The value of a column; `nil` where it is absent or null.
  public subscript(_ name: String) -> JSON? {
    guard let value = members.first(where: { same($0.key, name) })?.value, value != .null else {
      return nil
    }
    return value
  }

  /// The value of a column that `parameter` names.
  public func required(_ name: String, by parameter: String) throws -> JSON {
    guard let value = self[name] else {
      throw failure(
        "column '\(name)', named by \(parameter), is \(has(name) ? "null" : "missing")",
        cure: "the row has \(columnNames)"
      )
    }
    return value
  }

  /// The text of a column that every row of the dataset has.
  ///
  /// - Parameter form: the dataset, for the message.
  public func text(_ name: String, of form: String) throws -> String {
    guard let value = self[name] else {
      throw failure(
        "column '\(name)' is \(has(name) ? "null" : "missing")",
        cure: "rows of \(form) have it; this one has \(columnNames)"
      )
    }
    guard case .string(let text) = value else {
      throw failure(
        "column '\(name)' is \(value.kind), not text",
        cure: "give the file as its authors publish it, or use the jsonl dataset"
      )
    }
    return text
  }

  /// The names of the row's columns, for messages.
  public var columnNames: String {
    members.isEmpty ? "no columns" : members.map(\.key).joined(separator: ", ")
  }

  /// What is wrong with the row, and what to do.
  public func failure(_ problem: String, cure: String) -> PluginFailure {
    Self.failure(place, problem, cure: cure)
  }

  private func has(_ name: String) -> Bool { members.contains { same($0.key, name) } }

  private static func failure(_ place: String, _ problem: String, cure: String) -> PluginFailure {
    PluginFailure(.data, "\(place): \(problem); \(cure)")
  }

  private static func unique(_ members: [JSON.Member]) -> [JSON.Member] {
    var kept: [JSON.Member] = []
    for member in members {
      if let earlier = kept.firstIndex(where: { same($0.key, member.key) }) {
        kept[earlier].value = member.value
      } else {
        kept.append(member)
      }
    }
    return kept
  }
}

/// Whether two names have the same bytes: Swift's `==` holds canonically equivalent texts for equal, JSON does not.
func same(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
