import RowFiles
import StepwisePlugin

/// The one exported symbol.
@c(stepwise_plugin_entry)
public func entry() -> UnsafeRawPointer {
  Plugin(
    id: "org.stepwise.dataset.jsonl",
    version: "1.1.0",
    datasets: [JSONLDataset.self, CSVDataset.self]
  ).exported
}

/// Rows of a JSON Lines file, plain or gzip, in TRL's row forms.
struct JSONLDataset: Dataset, Stateful {
  static let id: String? = "org.stepwise.dataset.jsonl"
  private var rows: FormedRows

  init(parameters: Parameters) throws {
    rows = try FormedRows(parameters, format: .jsonLines)
  }

  mutating func start(_ host: Host) throws { try rows.open(host) }
  var count: Int? { rows.count }
  func example(at index: Int) throws -> Example { try rows.example(at: index) }
  func saveState(to writer: inout StateWriter) throws { rows.saveState(to: &writer) }
  mutating func loadState(from reader: inout StateReader, version: UInt32) throws {
    try rows.loadState(from: &reader)
  }
}

/// Rows of a CSV file, plain or gzip, in the same forms.
struct CSVDataset: Dataset, Stateful {
  static let id: String? = "org.stepwise.dataset.csv"
  private var rows: FormedRows

  init(parameters: Parameters) throws {
    let delimiter = try parameters.string("delimiter", default: ",")
    guard let byte = delimiter.utf8.first, delimiter.utf8.count == 1,
      byte != UInt8(ascii: "\""), byte != 0x0A, byte != 0x0D
    else {
      throw PluginFailure(
        .argument,
        "delimiter '\(delimiter)' is not possible; give one character of ASCII, such as , ; | or a tab"
      )
    }
    rows = try FormedRows(parameters, format: .csv(delimiter: byte))
  }

  mutating func start(_ host: Host) throws { try rows.open(host) }
  var count: Int? { rows.count }
  func example(at index: Int) throws -> Example { try rows.example(at: index) }
  func saveState(to writer: inout StateWriter) throws { rows.saveState(to: &writer) }
  mutating func loadState(from reader: inout StateReader, version: UInt32) throws {
    try rows.loadState(from: &reader)
  }
}

/// Rows of one file with the columns that the parameters name.
private struct FormedRows {
  private let path: String
  private let form: RowForm
  private var rows: FileRows

  init(_ parameters: Parameters, format: FileRows.Format) throws {
    path = try parameters.string("path")
    form = try RowForm(parameters)
    rows = try FileRows(parameters, format: format, parsedColumns: form.conversational)
  }

  var count: Int { rows.count }

  mutating func open(_ host: Host) throws {
    let form = form
    try rows.open([path], host) { try form.example($0, id: $1) }
  }

  func example(at index: Int) throws -> Example {
    try rows.example(at: index) { try form.example($0, id: $1) }
  }

  func saveState(to writer: inout StateWriter) { rows.saveState(to: &writer) }

  mutating func loadState(from reader: inout StateReader) throws {
    try rows.loadState(from: &reader)
  }
}
