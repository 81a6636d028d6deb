public import StepwisePlugin

/// The rows of one file or of several: what all datasets that read files have in common.
///
/// Files are read once, at the start, and each row is checked then, so that a fault in the last row shows before the first step.
/// Rows are kept as bytes and read again when asked for. A row's id is its number in the files, from 0, whatever is left out.
public struct FileRows: Sendable {
  /// How the rows stand in a file.
  public enum Format: Sendable, Equatable {
    /// One JSON object on each line.
    case jsonLines
    /// RFC 4180, the first record names the columns.
    case csv(delimiter: UInt8)
    /// The whole file is one JSON object.
    case object
  }

  /// What becomes of a row that cannot be used.
  public enum BadRowPolicy: String, Sendable, CaseIterable {
    /// It is an error.
    case error
    /// It is left out, counted and shown.
    case skip
  }

  /// Makes an example of a row.
  public typealias Reader = (_ row: Row, _ id: UInt64) throws -> Example

  private let format: Format
  private let skip: Int
  private let limit: Int?
  private let policy: BadRowPolicy
  private let maxRowBytes: Int
  private let parsedColumns: [String]
  private var files: [LoadedFile] = []
  private var rows: [Place] = []
  private var fingerprint: [UInt64] = []
  /// What a checkpoint says the files were; `nil` in a new run.
  private var expected: [UInt64]?

  private struct LoadedFile: Sendable {
    var path: String
    var bytes: [UInt8]
    var csv: CSV?
  }

  /// Where a row stands.
  private struct Place: Sendable {
    var file: Int
    var line: LineIndex.Line
    var id: UInt64
  }

  /// Reads `skip`, `limit`, `on_bad_row` and `max_row_bytes`.
  ///
  /// - Parameter parsedColumns: columns of a CSV file whose cells may hold a list in JSON.
  public init(_ parameters: Parameters, format: Format, parsedColumns: [String] = []) throws {
    self.format = format
    self.parsedColumns = parsedColumns
    skip = try parameters.int("skip", default: 0)
    limit = parameters.value("limit") == nil ? nil : try parameters.int("limit")
    policy = try parameters.choice("on_bad_row", default: .error)
    maxRowBytes = try parameters.int("max_row_bytes", default: 1 << 24)
  }

  /// How many rows there are.
  public var count: Int { rows.count }

  /// Reads the files and checks every row.
  ///
  /// - Parameters:
  ///   - paths: the files, in the order of their rows.
  ///   - isWanted: whether a row belongs to what the parameters ask for; rows that do not are no bad rows.
  ///   - reader: makes an example of a row; what it throws is that row's fault.
  public mutating func open(
    _ paths: [String],
    _ host: Host,
    isWanted: ((Row) -> Bool)? = nil,
    _ reader: Reader
  ) throws {
    var all: [Place] = []
    for path in paths {
      let bytes = try readFile(path)
      all += try places(in: bytes, path)
    }
    let found = all.count
    if let isWanted {
      // A row that cannot be read is judged below, with the others.
      all = all.filter { place in
        guard let row = try? row(place) else { return true }
        return isWanted(row)
      }
      guard found == 0 || !all.isEmpty else {
        throw PluginFailure(
          .argument,
          "\(shown(paths)): none of the \(found) rows is one that the parameters ask for; widen them"
        )
      }
    }
    fingerprint = [files.reduce(0) { combined($0, checksum($1.bytes)) }]
    fingerprint += [UInt64(files.reduce(0) { $0 + $1.bytes.count }), UInt64(skip)]
    rows = Array(all.dropFirst(skip).prefix(limit ?? .max))
    guard !rows.isEmpty else {
      let problem =
        all.isEmpty ? "the file has no row" : "skip \(skip) leaves none of the \(all.count) rows"
      throw PluginFailure(
        .data,
        "\(paths.first ?? ""): \(problem); give a file with rows, or lower skip"
      )
    }
    fingerprint.append(UInt64(rows.count))
    if let expected, expected != fingerprint {
      throw PluginFailure(
        .data,
        "\(shown(paths)) is not what it was when the checkpoint was written; put the old file, skip "
          + "and limit back, or begin a new run"
      )
    }
    try check(host, paths, reader)
  }

  /// The row at a position.
  public func example(at index: Int, _ reader: Reader) throws -> Example {
    let place = rows[index]
    return try reader(try row(place), place.id)
  }

  /// Writes what the files were.
  public func saveState(to writer: inout StateWriter) { writer.write(fingerprint) }

  /// Restores what `saveState` wrote, before `open`.
  public mutating func loadState(from reader: inout StateReader) throws {
    let numbers = try reader.readUInt64s()
    guard numbers.count == 4 else {
      throw PluginFailure(.state, "the state is not that of a dataset of files")
    }
    expected = numbers
  }

  /// Takes over what a checkpoint says, for files that turn out to have another format.
  public mutating func expectState(of other: FileRows) { expected = other.expected }

  // MARK: - Reading

  private mutating func places(in bytes: [UInt8], _ path: String) throws -> [Place] {
    let file = files.count
    var lines: [LineIndex.Line]
    var csv: CSV?
    switch format {
    case .jsonLines:
      if bytes.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "[") {
        throw PluginFailure(
          .data,
          "\(path): a JSON list, not JSON Lines; convert it with jq -c '.[]'"
        )
      }
      lines = LineIndex(bytes).lines
    case .csv(let delimiter):
      csv = try CSV(bytes, delimiter: delimiter, path: path)
      lines = csv!.records
    // An empty file is a bad row: nobody would miss a problem that was passed over.
    case .object: lines = [.init(range: 0..<bytes.count, number: 1)]
    }
    let first = UInt64(nextID)
    nextID += lines.count
    files.append(LoadedFile(path: path, bytes: bytes, csv: csv))
    return lines.enumerated().map { Place(file: file, line: $1, id: first + UInt64($0)) }
  }

  private var nextID = 0

  private func row(_ place: Place) throws -> Row {
    let file = files[place.file]
    let bytes = file.bytes[place.line.range]
    let name = format == .object ? file.path : "\(file.path):\(place.line.number)"
    guard bytes.count <= maxRowBytes else {
      throw PluginFailure(
        .data,
        "\(name): the row has \(bytes.count) bytes, more than max_row_bytes \(maxRowBytes); raise it, "
          + "cut the row, or set on_bad_row: skip"
      )
    }
    if let csv = file.csv {
      let members = try csv.members(bytes, place: name, parsed: parsedColumns)
      return Row(members: members, place: name)
    }
    return try Row(json: bytes, place: name)
  }

  /// Reads every row once; what cannot be used is an error, or is left out.
  private mutating func check(_ host: Host, _ paths: [String], _ reader: Reader) throws {
    var kinds = ColumnKinds()
    var kept: [Place] = []
    var (faults, faultCount) = ([String](), 0)
    kept.reserveCapacity(rows.count)
    for (index, place) in rows.enumerated() {
      if index % 4096 == 0, host.isCancelled {
        throw PluginFailure(.cancelled, "reading \(shown(paths)) was given up")
      }
      do {
        let row = try row(place)
        let example = try reader(row, place.id)
        try kinds.check(example.columns, in: row)
        kept.append(place)
      } catch let failure as PluginFailure where policy == .skip && failure.reason == .data {
        faultCount += 1
        // Not all: a file may be nothing but bad rows.
        if faults.count < Self.shownFaults { faults.append(failure.message) }
      }
    }
    guard faultCount > 0 else { return }
    guard !kept.isEmpty else {
      throw PluginFailure(
        .data,
        "\(shown(paths)): all of the \(rows.count) rows were left out; the first: \(faults[0])"
      )
    }
    for fault in faults { host.log(fault, level: .warning) }
    let rest = faultCount - faults.count
    host.log(
      "\(shown(paths)): \(faultCount) of \(rows.count) rows left out (on_bad_row: skip)"
        + (rest > 0 ? ", \(rest) more than are shown" : ""),
      level: .warning
    )
    host.metric("rows_skipped", Double(faultCount))
    rows = kept
  }

  private static let shownFaults = 5

  private func shown(_ paths: [String]) -> String {
    guard let first = paths.first else { return "no file" }
    return paths.count == 1 ? first : "\(first) and \(paths.count - 1) more"
  }

  private func combined(_ a: UInt64, _ b: UInt64) -> UInt64 { a &* 0x100_0000_01b3 ^ b }
}

/// What type each column has, as its first row with a value shows it: a reward that gets text in one row and a number in another
/// fails in the middle of a run.
private struct ColumnKinds {
  private var first: [String: (kind: String, place: String)] = [:]

  mutating func check(_ columns: [Column], in row: Row) throws {
    for column in columns {
      guard let kind = Self.kind(column.value) else { continue }
      guard let known = first[column.name] else {
        first[column.name] = (kind, row.place)
        continue
      }
      guard known.kind == kind else {
        throw row.failure(
          "column '\(column.name)' is \(kind), and \(known.kind) in \(known.place)",
          cure: "write it one way, choose the columns with columns: [...], or set on_bad_row: skip"
        )
      }
    }
  }

  /// A number with and without a fraction is one type; `nil` where there is no value, or an empty list, which may be one of turns.
  private static func kind(_ value: ColumnValue) -> String? {
    switch value {
    case .null: nil
    case .int, .real: "a number"
    case .text: "text"
    case .list(let values): values.isEmpty ? nil : "a list"
    case .messages: "a conversation"
    }
  }
}
