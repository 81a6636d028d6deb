import StepwisePlugin

/// Rows with a column of every type; the epoch can be seen in them.
struct SquaresDataset: Dataset {
  private let rows: Int
  private var epoch = -1

  init(parameters: Parameters) throws { rows = try parameters.int("rows") }

  var count: Int? { rows }

  mutating func beginEpoch(_ epoch: Int) { self.epoch = epoch }

  func example(at index: Int) throws -> Example {
    guard index != 99 else { throw PluginFailure(.data, "row 99 is damaged") }
    return Example(
      id: UInt64(index) + 1 << 40,
      prompt: index % 2 == 0
        ? .text("\(index)\u{0} squared é")
        : .messages([
          Message(role: "system", content: "Be brief."), Message(role: "user", content: "\(index)"),
        ]),
      completion: index % 3 == 0 ? nil : .text("it is \(index * index)"),
      difficulty: index % 4 == 0 ? nil : Double(index),
      stepBoundaries: index % 3 == 0 ? [] : [0, 3],
      columns: [
        Column("nothing", .null),
        Column("integer", .int(Int64(index) - 5)),
        Column("real", .real(Double(index) / 8)),
        Column("text", .text("t\(index)")),
        Column("list", .list([.int(1), .list([.text("deep"), .null]), .real(0.5)])),
        Column("turns", .messages([Message(role: "assistant", content: "yes")])),
        Column("epoch", .int(Int64(epoch))),
      ]
    )
  }
}

/// A stream that can only go forward, with its position as state.
struct CounterDataset: SequentialDataset, Stateful {
  static var id: String? { "org.stepwise.fixture.counter" }
  private var position: UInt64 = 0

  init(parameters: Parameters) throws {}

  var count: Int? { nil }

  mutating func next() -> Example {
    defer { position += 1 }
    return Example(id: position, prompt: .text("\(position)"))
  }

  func saveState(to writer: inout StateWriter) { writer.write(position) }

  mutating func loadState(from reader: inout StateReader, version: UInt32) throws {
    position = try reader.readUInt64()
  }
}
