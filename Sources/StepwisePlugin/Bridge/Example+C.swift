import CStepwisePlugin

extension Example {
  /// Copies a row that the host shows.
  init(_ pointer: UnsafePointer<stepwise_example>) {
    let row = growable(pointer)
    let prompt = RowText(row.prompt)
    self.init(
      id: row.id,
      prompt: prompt ?? .text(""),
      completion: RowText(row.completion),
      difficulty: row.difficulty.isNaN ? nil : row.difficulty,
      stepBoundaries: array(row.step_boundaries, row.step_boundary_count).map { Int($0) },
      columns: array(row.columns, row.column_count).map {
        Column(string($0.name), ColumnValue($0.value))
      }
    )
  }

  /// The row's C view; lives as long as the arena.
  func view(in arena: Arena) -> stepwise_example {
    var row = stepwise_example()
    row.struct_size = sizeOf(stepwise_example.self)
    row.id = id
    row.prompt = prompt.view(in: arena)
    row.completion = completion?.view(in: arena) ?? stepwise_value()
    row.difficulty = difficulty ?? .nan
    row.step_boundaries = arena.array(stepBoundaries.map { UInt64($0) })
    row.step_boundary_count = UInt64(stepBoundaries.count)
    let columns = columns.map {
      stepwise_column(name: arena.text($0.name), value: $0.value.view(in: arena))
    }
    row.columns = arena.array(columns)
    row.column_count = UInt64(columns.count)
    return row
  }
}

extension RowText {
  /// Copies a prompt or completion; `nil` for null.
  init?(_ value: stepwise_value) {
    switch ColumnValue(value) {
    case .text(let text): self = .text(text)
    case .messages(let turns): self = .messages(turns)
    default: return nil
    }
  }

  func view(in arena: Arena) -> stepwise_value {
    switch self {
    case .text(let text): return ColumnValue.text(text).view(in: arena)
    case .messages(let turns): return ColumnValue.messages(turns).view(in: arena)
    }
  }
}

extension ColumnValue {
  /// Copies a value that the host shows.
  init(_ value: stepwise_value) {
    switch Int(value.type) {
    case Int(STEPWISE_VALUE_INT): self = .int(value.data.integer)
    case Int(STEPWISE_VALUE_REAL): self = .real(value.data.real)
    case Int(STEPWISE_VALUE_TEXT): self = .text(string(value.data.text))
    case Int(STEPWISE_VALUE_LIST):
      let list = value.data.list
      self = .list(array(list.items, list.count).map { ColumnValue($0) })
    case Int(STEPWISE_VALUE_MESSAGES):
      let messages = value.data.messages
      self = .messages(
        array(messages.items, messages.count).map {
          Message(role: string($0.role), content: string($0.content))
        }
      )
    default: self = .null
    }
  }

  /// The value's C view; lives as long as the arena.
  func view(in arena: Arena) -> stepwise_value {
    var value = stepwise_value()
    switch self {
    case .null: break
    case .int(let integer):
      value.type = UInt32(STEPWISE_VALUE_INT)
      value.data.integer = integer
    case .real(let real):
      value.type = UInt32(STEPWISE_VALUE_REAL)
      value.data.real = real
    case .text(let text):
      value.type = UInt32(STEPWISE_VALUE_TEXT)
      value.data.text = arena.text(text)
    case .list(let values):
      value.type = UInt32(STEPWISE_VALUE_LIST)
      value.data.list.items = arena.array(values.map { $0.view(in: arena) })
      value.data.list.count = UInt64(values.count)
    case .messages(let turns):
      value.type = UInt32(STEPWISE_VALUE_MESSAGES)
      value.data.messages.items = arena.array(
        turns.map {
          stepwise_message(role: arena.text($0.role), content: arena.text($0.content))
        }
      )
      value.data.messages.count = UInt64(turns.count)
    }
    return value
  }
}
