import CStepwisePlugin
import Components

/// Why a row that a dataset gave cannot be taken; `field` says where in the row.
struct RowProblem: Error {
  var field: String
  var message: String
}

extension Example {
  /// Checks and copies a row that a dataset gave.
  init(checking pointer: UnsafePointer<stepwise_example>) throws(RowProblem) {
    let size = Int(pointer.pointee.struct_size)
    let minimum = MemoryLayout<stepwise_example>.offset(of: \.difficulty)!
    guard size >= minimum, size % 8 == 0 else {
      throw RowProblem(
        field: "struct_size",
        message: "is \(size), expected at least \(minimum), a multiple of 8"
      )
    }
    let row = copyTable(UnsafeRawPointer(pointer), as: stepwise_example.self, size: size)
    guard let prompt = try RowText(checking: row.prompt, field: "prompt") else {
      throw RowProblem(field: "prompt", message: "is null; every row has one (it may be empty)")
    }
    let completion = try RowText(checking: row.completion, field: "completion")
    // A row from a struct that ends before `difficulty` has none; one that has the member says NaN.
    let hasDifficulty = size > minimum && !row.difficulty.isNaN
    guard !hasDifficulty || row.difficulty.isFinite else {
      throw RowProblem(field: "difficulty", message: "is infinite; NaN means unknown")
    }
    self.init(
      id: row.id,
      prompt: prompt,
      completion: completion,
      difficulty: hasDifficulty ? row.difficulty : nil,
      stepBoundaries: try Self.boundaries(row, completion),
      columns: try Self.columns(row)
    )
  }

  /// Checks a row that came from another process as if a plugin in this one had given it.
  func checked() throws(RowProblem) -> Example {
    let arena = CallArena()
    defer { withExtendedLifetime(arena) {} }
    var view = view(in: arena)
    return try Example(checking: &view)
  }

  private static func boundaries(
    _ row: stepwise_example,
    _ completion: RowText?
  ) throws(RowProblem) -> [Int] {
    guard row.step_boundary_count > 0 else { return [] }
    let field = "step_boundaries"
    let size = completion?.plain.utf8.count ?? 0
    guard let base = row.step_boundaries, row.step_boundary_count <= UInt64(size) else {
      throw RowProblem(
        field: field,
        message: "has \(row.step_boundary_count) for a completion of \(size) bytes"
      )
    }
    var boundaries: [Int] = []
    for index in 0..<Int(row.step_boundary_count) {
      let offset = base[index]
      guard offset < UInt64(size), boundaries.last.map({ $0 < Int(offset) }) ?? true else {
        throw RowProblem(
          field: field,
          message: "has \(offset) at \(index); offsets ascend and stay below \(size) bytes"
        )
      }
      boundaries.append(Int(offset))
    }
    return boundaries
  }

  private static func columns(_ row: stepwise_example) throws(RowProblem) -> [Column] {
    guard row.column_count > 0 else { return [] }
    guard let base = row.columns, row.column_count <= 1 << 16 else {
      throw RowProblem(field: "columns", message: "has \(row.column_count) columns and no pointer")
    }
    var columns: [Column] = []
    var names: Set<[UInt8]> = []
    for index in 0..<Int(row.column_count) {
      guard let name = checkedString(base[index].name, limit: 4096), !name.isEmpty else {
        throw RowProblem(field: "columns[\(index)]", message: "has no name in UTF-8")
      }
      guard names.insert(Array(name.utf8)).inserted else {
        throw RowProblem(field: name, message: "is there twice")
      }
      columns.append(Column(name, try ColumnValue(checking: base[index].value, field: name)))
    }
    return columns
  }
}

extension RowText {
  /// Checks and copies a prompt or completion; `nil` for null.
  init?(checking value: stepwise_value, field: String) throws(RowProblem) {
    switch try ColumnValue(checking: value, field: field) {
    case .null: return nil
    case .text(let text): self = .text(text)
    case .messages(let turns): self = .messages(turns)
    default: throw RowProblem(field: field, message: "is neither text nor messages")
    }
  }
}

extension ColumnValue {
  /// Checks and copies a value that a plugin gave.
  init(checking value: stepwise_value, field: String, depth: Int = 0) throws(RowProblem) {
    switch Int(value.type) {
    case Int(STEPWISE_VALUE_NULL): self = .null
    case Int(STEPWISE_VALUE_INT): self = .int(value.data.integer)
    case Int(STEPWISE_VALUE_REAL): self = .real(value.data.real)
    case Int(STEPWISE_VALUE_TEXT):
      self = .text(try Self.text(value.data.text, field))
    case Int(STEPWISE_VALUE_LIST):
      guard depth < Int(STEPWISE_VALUE_DEPTH) else {
        throw RowProblem(field: field, message: "nests deeper than \(STEPWISE_VALUE_DEPTH) lists")
      }
      let list = value.data.list
      var values: [ColumnValue] = []
      for index in 0..<(try Self.count(list.count, list.items == nil, field)) {
        values.append(try ColumnValue(checking: list.items[index], field: field, depth: depth + 1))
      }
      self = .list(values)
    case Int(STEPWISE_VALUE_MESSAGES):
      let messages = value.data.messages
      var turns: [Message] = []
      for index in 0..<(try Self.count(messages.count, messages.items == nil, field)) {
        let turn = messages.items[index]
        turns.append(
          Message(
            role: try Self.text(turn.role, field),
            content: try Self.text(turn.content, field)
          )
        )
      }
      self = .messages(turns)
    default: throw RowProblem(field: field, message: "has the unknown type \(value.type)")
    }
  }

  private static func text(_ text: stepwise_text, _ field: String) throws(RowProblem) -> String {
    guard let string = checkedString(text) else {
      throw RowProblem(field: field, message: "is not UTF-8 text")
    }
    return string
  }

  private static func count(
    _ count: UInt64,
    _ isNull: Bool,
    _ field: String
  ) throws(RowProblem) -> Int {
    guard count == 0 || (!isNull && count <= 1 << 32) else {
      throw RowProblem(field: field, message: "has \(count) values and no valid pointer")
    }
    return Int(count)
  }
}
