import CStepwisePlugin
import Components

/// One line of a batch file on its way to an item.
struct BatchLine {
  private let file: String
  private let line: Int
  private let members: [JSONTree.Member]
  private static let keys = [
    "completion", "prompt", "id", "example_id", "columns", "prompt_text",
    "completion_with_special_tokens", "completion_ids", "truncated", "step", "seed", "example",
  ]
  private static let exampleKeys = ["completion", "difficulty", "step_boundaries"]

  init(_ bytes: some Sequence<UInt8>, file: String, line: Int) throws(BatchFileError) {
    self.file = file
    self.line = line
    func failure(_ problem: String, _ cure: String) -> BatchFileError {
      BatchFileError(file: file, line: line, problem: problem, cure: cure)
    }
    let tree: JSONTree
    do throws(JSONTree.Failure) {
      tree = try JSONTree(parsing: bytes)
    } catch {
      throw failure(error.description, "write one JSON object a line")
    }
    guard case .object(let members) = tree else {
      throw failure("is \(tree.typeName)", "write one JSON object a line")
    }
    self.members = members
    var seen: Set<[UInt8]> = []
    for member in members where !seen.insert(Array(member.key.utf8)).inserted {
      throw error(member.key, "is there twice", cure: "remove one")
    }
  }

  func error(_ key: String, _ problem: String, cure: String) -> BatchFileError {
    BatchFileError(file: file, line: line, key: key, problem: problem, cure: cure)
  }

  /// The value of a key; `nil` where it is absent or null.
  private func value(_ key: String) -> JSONTree? {
    let found = members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
    return found == .null ? nil : found
  }

  func step() throws(BatchFileError) -> Int {
    guard let value = value("step") else { return 0 }
    guard let step = value.int64, step >= 0 else {
      throw error("step", "is \(shown(value))", cure: "write a whole number from 0")
    }
    return Int(step)
  }

  func seed() throws(BatchFileError) -> UInt64 { try unsigned("seed") ?? 0 }

  func item(position: UInt64) throws(BatchFileError) -> RewardItem {
    guard let completionValue = value("completion") else {
      throw error("completion", "is missing", cure: "add the text that is to be scored")
    }
    let completion = try rowText(completionValue, "completion").plain
    let prompt = try value("prompt").map { value throws(BatchFileError) in
      try rowText(value, "prompt")
    }
    let id = try unsigned("id") ?? position
    return RewardItem(
      id: id,
      example: try example(id: id, prompt: prompt ?? .text("")),
      promptText: try text("prompt_text") ?? prompt?.plain ?? "",
      completion: completion,
      completionWithSpecialTokens: try text("completion_with_special_tokens") ?? completion,
      completionIDs: try tokenIDs(),
      truncated: try truncated()
    )
  }

  private func tokenIDs() throws(BatchFileError) -> [Int32] {
    guard let value = value("completion_ids") else { return [] }
    guard case .array(let values) = value else {
      throw error("completion_ids", "is \(value.typeName)", cure: "write a list of token ids")
    }
    var ids: [Int32] = []
    ids.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      guard let number = value.int64, let id = Int32(exactly: number) else {
        throw error(
          "completion_ids[\(index)]",
          "is \(shown(value))",
          cure: "write a whole number of 32 bits"
        )
      }
      ids.append(id)
    }
    return ids
  }

  private func truncated() throws(BatchFileError) -> Bool {
    guard let value = value("truncated") else { return false }
    guard case .bool(let flag) = value else {
      throw error("truncated", "is \(shown(value))", cure: "write true or false")
    }
    return flag
  }
}

// MARK: - Rows

extension BatchLine {
  private func example(id: UInt64, prompt: RowText) throws(BatchFileError) -> Example {
    var row = Example(
      id: try unsigned("example_id") ?? id,
      prompt: prompt,
      columns: try columns()
    )
    guard let value = value("example") else { return row }
    guard case .object(let members) = value else {
      throw error(
        "example",
        "is \(value.typeName)",
        cure: "put a column of that name into 'columns'"
      )
    }
    for member in members where member.value != .null {
      let key = "example.\(member.key)"
      switch member.key {
      case "completion": row.completion = try rowText(member.value, key)
      case "difficulty":
        guard let number = member.value.double, number.isFinite else {
          throw error(key, "is \(shown(member.value))", cure: "write a finite number")
        }
        row.difficulty = number
      case "step_boundaries": row.stepBoundaries = try boundaries(member.value, key)
      default:
        let near = nearestName(to: member.key, among: Self.exampleKeys)
        throw error(
          key,
          "is unknown",
          cure: near.map { "did you mean '\($0)'?" }
            ?? "put a column of the name 'example' into 'columns'"
        )
      }
    }
    return row
  }

  private func boundaries(_ value: JSONTree, _ key: String) throws(BatchFileError) -> [Int] {
    guard case .array(let values) = value else {
      throw error(key, "is \(value.typeName)", cure: "write a list of byte offsets")
    }
    var offsets: [Int] = []
    for (index, value) in values.enumerated() {
      guard let offset = value.int64, offset >= 0 else {
        throw error("\(key)[\(index)]", "is \(shown(value))", cure: "write a byte offset from 0")
      }
      offsets.append(Int(offset))
    }
    return offsets
  }

  private func columns() throws(BatchFileError) -> [Column] {
    var columns: [Column] = []
    var seen: Set<[UInt8]> = []
    func add(_ name: String, _ value: JSONTree, _ key: String) throws(BatchFileError) {
      guard seen.insert(Array(name.utf8)).inserted else {
        throw error(key, "is a column twice", cure: "remove one")
      }
      columns.append(Column(name, try column(value, key)))
    }
    for member in members {
      if member.key.utf8.elementsEqual("columns".utf8) {
        if member.value == .null { continue }
        guard case .object(let inner) = member.value else {
          throw error(
            "columns",
            "is \(member.value.typeName)",
            cure: "write an object of names and values"
          )
        }
        for column in inner { try add(column.key, column.value, "columns.\(column.key)") }
      } else if !Self.keys.contains(where: { $0.utf8.elementsEqual(member.key.utf8) }) {
        try add(member.key, member.value, member.key)
      }
    }
    return columns
  }

  /// A value as a dataset's column would have it: booleans are 0 and 1, a list of turns is a conversation, an object is its JSON text.
  private func column(
    _ value: JSONTree,
    _ key: String,
    depth: Int = 0
  ) throws(BatchFileError) -> ColumnValue {
    switch value {
    case .null: return .null
    case .bool(let flag): return .int(flag ? 1 : 0)
    case .number:
      if let whole = value.int64 { return .int(whole) }
      guard let real = value.double else { return .null }
      return .real(real)
    case .string(let text): return .text(text)
    case .object:
      return value == BatchFile.emptyConversation ? .messages([]) : .text(value.text)
    case .array(let values):
      if let turns = BatchLine.turns(values) { return .messages(turns) }
      guard depth < Int(STEPWISE_VALUE_DEPTH) else {
        throw error(
          key,
          "nests deeper than \(STEPWISE_VALUE_DEPTH) lists",
          cure: "flatten it, or give it as text"
        )
      }
      var list: [ColumnValue] = []
      for (index, value) in values.enumerated() {
        list.append(try column(value, "\(key)[\(index)]", depth: depth + 1))
      }
      return .list(list)
    }
  }

  private func rowText(_ value: JSONTree, _ key: String) throws(BatchFileError) -> RowText {
    switch value {
    case .string(let text): return .text(text)
    case .array(let values):
      if values.isEmpty { return .messages([]) }
      if let turns = Self.turns(values) { return .messages(turns) }
    default: break
    }
    throw error(
      key,
      "is \(shown(value))",
      cure: "write text, or turns: [{\"role\": \"user\", \"content\": \"...\"}]"
    )
  }

  /// The turns of a conversation; `nil` for any other list.
  private static func turns(_ values: [JSONTree]) -> [Message]? {
    guard !values.isEmpty else { return nil }
    var turns: [Message] = []
    for value in values {
      guard case .object(let members) = value, members.count == 2,
        case .string(let role)? = value["role"], case .string(let content)? = value["content"]
      else { return nil }
      turns.append(Message(role: role, content: content))
    }
    return turns
  }

  // MARK: Plain values

  private func unsigned(_ key: String) throws(BatchFileError) -> UInt64? {
    guard let value = value(key) else { return nil }
    guard let number = value.uint64 else {
      throw error(key, "is \(shown(value))", cure: "write a whole number from 0 to 2^64 - 1")
    }
    return number
  }

  private func text(_ key: String) throws(BatchFileError) -> String? {
    guard let value = value(key) else { return nil }
    guard case .string(let text) = value else {
      throw error(key, "is \(shown(value))", cure: "write text in quotes")
    }
    return text
  }

  /// A value for a message: cut where it is long.
  private func shown(_ value: JSONTree) -> String {
    let text = value.text
    return text.unicodeScalars.count <= 80
      ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(77))) + "..."
  }
}
