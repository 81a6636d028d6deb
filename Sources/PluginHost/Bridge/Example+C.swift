import CStepwisePlugin
import Components

extension Example {
  /// The row's C view; lives as long as the arena.
  func view(in arena: CallArena) -> stepwise_example {
    var row = stepwise_example()
    row.struct_size = sizeOf(stepwise_example.self)
    row.id = id
    row.prompt = prompt.columnValue.view(in: arena)
    row.completion = completion?.columnValue.view(in: arena) ?? stepwise_value()
    row.difficulty = difficulty ?? .nan
    row.step_boundaries = arena.array(stepBoundaries.map { UInt64($0) })
    row.step_boundary_count = UInt64(stepBoundaries.count)
    row.columns = arena.array(
      columns.map { stepwise_column(name: arena.text($0.name), value: $0.value.view(in: arena)) }
    )
    row.column_count = UInt64(columns.count)
    return row
  }
}

extension RowText {
  fileprivate var columnValue: ColumnValue {
    switch self {
    case .text(let text): return .text(text)
    case .messages(let turns): return .messages(turns)
    }
  }
}

extension ColumnValue {
  /// The value's C view; lives as long as the arena.
  func view(in arena: CallArena) -> stepwise_value {
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
        turns.map { stepwise_message(role: arena.text($0.role), content: arena.text($0.content)) }
      )
      value.data.messages.count = UInt64(turns.count)
    }
    return value
  }
}
