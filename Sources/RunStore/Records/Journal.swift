public import FoundationEssentials
import Synchronization

/// What was done to a run while it went: `journal.jsonl`, one record a line, numbered by `seq` from 1.
///
/// A record is on the disk before what it says is used, and a resume takes none back, unlike those of the streams: steps that are
/// done again are steered as they were. Any thread may write.
public final class Journal: Sendable {
  /// The file's name in the run directory.
  public static let fileName = "journal.jsonl"

  private struct State {
    var file: AppendFile
    var records: [Record]
  }

  private let state: Mutex<State>

  init(path: String) throws {
    let file = try AppendFile(path: path)
    var records: [Record] = []
    // A line that a power cut tore was never used.
    try file.keepLines { line in
      guard case .object(let fields)? = try? JSONReader.value(line) else { return false }
      records.append(Record(fields))
      return true
    }
    state = Mutex(State(file: file, records: records))
  }

  /// The records so far, in order.
  public var records: [Record] { state.withLock { $0.records } }

  /// Adds a record; it survives the machine from here on.
  ///
  /// - Returns: the record with its number and the time.
  @discardableResult
  public func append(_ record: Record) throws -> Record {
    try state.withLock { state in
      var numbered = Record([
        RecordField("seq", .int(Int64(state.records.last?["seq"]?.number ?? 0) + 1)),
        RecordField("time", .string(Date.now.ISO8601Format())),
      ])
      numbered.fields += record.fields
      try state.file.append(line: numbered.json)
      try state.file.synchronize()
      state.records.append(numbered)
      return numbered
    }
  }

  /// The records of a run that another process may be writing; none where it has no journal.
  public static func records(of run: URL) throws -> [Record] {
    let path = "\(run.path)/\(fileName)"
    guard Files.size(path) != nil else { return [] }
    let lines = try Files.read(path).split(separator: UInt8(ascii: "\n"))
    return lines.compactMap { line in
      guard case .object(let fields)? = try? JSONReader.value(line) else { return nil }
      return Record(fields)
    }
  }
}

extension RunDirectory {
  /// Opens the run's journal, making the file where it is not there.
  public func openJournal() throws -> Journal {
    try Journal(path: path(Journal.fileName))
  }
}
