import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(id: "org.stepwise.dataset.jsonl", version: "1.0.0", datasets: [JSONLDataset.self])
    .exported
}

/// Rows of a JSON Lines file, plain or gzip, in TRL's row forms.
///
/// The file is read once, at the start, and each row is checked then: a fault in the last row shows before the first step. Rows
/// are kept as bytes and read again when asked for. An example's id is its row number in the file, from 0.
struct JSONLDataset: Dataset, Stateful {
  private let path: String
  private let form: RowForm
  private let skip: Int
  private let limit: Int?
  private var bytes: [UInt8] = []
  private var lines: ArraySlice<LineIndex.Line> = []
  private var fingerprint: [UInt64] = []
  /// What a checkpoint says the file was; `nil` in a new run.
  private var expected: [UInt64]?

  init(parameters: Parameters) throws {
    func optional(_ key: String) throws -> String? {
      parameters.value(key) == nil ? nil : try parameters.string(key)
    }
    path = try parameters.string("path")
    skip = try parameters.int("skip", default: 0)
    limit = parameters.value("limit") == nil ? nil : try parameters.int("limit")
    form = RowForm(
      promptColumn: try optional("prompt_column"),
      completionColumn: try optional("completion_column"),
      textColumn: try optional("text_column"),
      difficultyColumn: try optional("difficulty_column"),
      promptTemplate: try optional("prompt_template").map(PromptTemplate.init)
    )
    if form.promptColumn != nil, form.promptTemplate != nil {
      throw PluginFailure(
        .argument,
        "prompt_column and prompt_template are both given; leave one of them out"
      )
    }
  }

  mutating func start(_ host: Host) throws {
    bytes = try readFile(path)
    if bytes.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "[") {
      throw PluginFailure(
        .data,
        "\(path): a JSON list, not JSON Lines; convert it with jq -c '.[]'"
      )
    }
    let all = LineIndex(bytes).lines
    lines = all.dropFirst(skip).prefix(limit ?? .max)
    guard !lines.isEmpty else {
      let problem =
        all.isEmpty ? "the file has no row" : "skip \(skip) leaves none of the \(all.count) rows"
      throw PluginFailure(.data, "\(path): \(problem); give a file with rows, or lower skip")
    }
    fingerprint = [checksum(bytes), UInt64(bytes.count), UInt64(skip), UInt64(lines.count)]
    if let expected, expected != fingerprint {
      throw PluginFailure(
        .data,
        "\(path) is not what it was when the checkpoint was written; put the old file, skip and "
          + "limit back, or begin a new run"
      )
    }
    for index in 0..<lines.count {
      if index % 4096 == 0, host.isCancelled {
        throw PluginFailure(.cancelled, "reading \(path) was given up")
      }
      _ = try example(at: index)
    }
  }

  var count: Int? { lines.count }

  func example(at index: Int) throws -> Example {
    let line = lines[lines.startIndex + index]
    let row = try Row(bytes[line.range], place: "\(path):\(line.number)")
    return try form.example(row, id: UInt64(lines.startIndex + index))
  }

  func saveState(to writer: inout StateWriter) throws { writer.write(fingerprint) }

  mutating func loadState(from reader: inout StateReader, version: UInt32) throws {
    let numbers = try reader.readUInt64s()
    guard numbers.count == 4 else {
      throw PluginFailure(.state, "the state is not that of a JSON Lines file")
    }
    expected = numbers
  }
}
