import Components

/// A dataset in Python as the trainer sees it. Every row is checked as those of libraries are.
final class PythonDataset: Dataset {
  let session: PythonSession
  let identity: ComponentIdentity
  let count: Int?
  private let hasState: Bool
  private var epoch: Int?
  /// Rows of the state's form.
  private static let stateVersion: UInt32 = 1

  init(_ session: PythonSession) throws(PluginError) {
    self.session = session
    identity = session.request.plugin.identity
    hasState = session.description.isTrue("stateful")
    session.isStateful = hasState
    switch session.description["count"] {
    case .null?: count = nil
    case let value?:
      guard let number = value.int64, number >= 0 else {
        throw session.request.error(.output, hook: "open", "the number of rows is \(value.text)")
      }
      count = Int(number)
    case nil: throw session.request.error(.output, hook: "open", "it did not say how many rows")
    }
  }

  func examples(in range: Range<Int>) throws -> [Example] { try rows(in: range) }

  private func rows(in range: Range<Int>) throws(PluginError) -> [Example] {
    let request = session.request
    guard range.lowerBound >= 0, range.upperBound <= count ?? .max else {
      throw request.error(
        .output,
        hook: "examples",
        "the rows \(range) are outside the dataset's \(count ?? 0) rows"
      )
    }
    if range.isEmpty { return [] }
    try enterEpochAgain()
    let answer = try session.call("examples") { writer in
      writer.field("first", range.lowerBound)
      writer.field("count", range.count)
    }
    guard case .array(let rows)? = answer["rows"], rows.count == range.count else {
      throw request.error(.output, hook: "examples", "it gave not \(range.count) rows for \(range)")
    }
    var examples: [Example] = []
    examples.reserveCapacity(rows.count)
    for (index, row) in zip(range, rows) {
      do throws(RowProblem) {
        examples.append(try Example(wire: row).checked())
      } catch {
        throw request.error(
          .output,
          hook: "examples",
          "row \(index): '\(error.field)' \(error.message)"
        )
      }
    }
    return examples
  }

  // MARK: - Epochs and state

  /// The interpreter that was told the epoch.
  private var toldGeneration: Int?

  func beginEpoch(_ epoch: Int) throws {
    self.epoch = epoch
    toldGeneration = nil
    try enterEpochAgain()
  }

  /// A new interpreter must hear of the epoch, too.
  private func enterEpochAgain() throws(PluginError) {
    guard let epoch, toldGeneration != session.generation || !session.isRunning else { return }
    _ = try session.call("begin_epoch") { $0.field("epoch", epoch) }
    toldGeneration = session.generation
  }

  func saveState() throws -> [UInt8] {
    StateEnvelope(
      id: identity.id,
      version: Self.stateVersion,
      epoch: epoch.map { UInt64($0) + 1 } ?? 0,
      payload: hasState ? try session.save() : []
    ).encoded()
  }

  func loadState(_ bytes: [UInt8]) throws {
    let envelope = try session.request.envelope(bytes)
    try session.require(envelope, version: Self.stateVersion, hasState: hasState)
    if hasState { try session.load(envelope.payload) }
    epoch = nil
    if envelope.epoch > 0 { try beginEpoch(Int(clamping: envelope.epoch - 1)) }
  }
}

extension Example {
  /// A row as an interpreter writes it.
  init(wire row: JSONTree) throws(RowProblem) {
    guard let id = row["id"]?.uint64 else {
      throw RowProblem(field: "id", message: "is no whole number")
    }
    var boundaries: [Int] = []
    if case .array(let offsets)? = row["step_boundaries"] {
      boundaries = offsets.map { Int(clamping: $0.int64 ?? -1) }
      // A view has them unsigned; what is checked there must arrive as it was given.
      guard boundaries.allSatisfy({ $0 >= 0 }) else {
        throw RowProblem(field: "step_boundaries", message: "has one below 0")
      }
    }
    guard case .array(let pairs)? = row["columns"] else {
      throw RowProblem(field: "columns", message: "is missing")
    }
    var columns: [Column] = []
    for pair in pairs {
      guard case .array(let parts) = pair, parts.count == 2, let name = parts[0].string else {
        throw RowProblem(field: "columns", message: "is no list of names and values")
      }
      columns.append(Column(name, try ColumnValue(wire: parts[1], field: name)))
    }
    guard
      let prompt = try row["prompt"].map({ value throws(RowProblem) in
        try RowText(wire: value, field: "prompt")
      })
    else { throw RowProblem(field: "prompt", message: "is missing") }
    self.init(
      id: id,
      prompt: prompt,
      completion: try row["completion"].map { value throws(RowProblem) in
        try RowText(wire: value, field: "completion")
      },
      difficulty: row["difficulty"]?.double,
      stepBoundaries: boundaries,
      columns: columns
    )
  }
}

extension RowText {
  fileprivate init(wire value: JSONTree, field: String) throws(RowProblem) {
    switch try ColumnValue(wire: value, field: field) {
    case .text(let text): self = .text(text)
    case .messages(let turns): self = .messages(turns)
    default: throw RowProblem(field: field, message: "is neither text nor messages")
    }
  }
}

extension ColumnValue {
  fileprivate init(wire value: JSONTree, field: String) throws(RowProblem) {
    switch value {
    case .null: self = .null
    case .bool(let value): self = .int(value ? 1 : 0)
    case .number:
      if let integer = value.int64 {
        self = .int(integer)
      } else if let real = value.double {
        self = .real(real)
      } else {
        throw RowProblem(field: field, message: "is the number \(value.text)")
      }
    case .string(let text): self = .text(text)
    case .array(let values):
      var list: [ColumnValue] = []
      for value in values { list.append(try ColumnValue(wire: value, field: field)) }
      self = .list(list)
    case .object:
      guard case .array(let turns)? = value["m"] else {
        throw RowProblem(field: field, message: "is no value of a column")
      }
      var messages: [Message] = []
      for turn in turns {
        guard case .array(let parts) = turn, parts.count == 2, let role = parts[0].string,
          let content = parts[1].string
        else { throw RowProblem(field: field, message: "has a turn that is none") }
        messages.append(Message(role: role, content: content))
      }
      self = .messages(messages)
    }
  }
}

extension JSONTree {
  func isTrue(_ key: String) -> Bool { self[key] == .bool(true) }
}
