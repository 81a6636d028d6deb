import Glibc

/// What the world answered in a run: outcomes that a second asking need not repeat, such as a reward that timed out. One record
/// a line, in `outcomes.jsonl`.
///
/// A record is on the disk before `append` returns, and a resume takes none back, unlike those of the streams: steps that are
/// done again must find the answers that they had.
public final class OutcomeLog {
  /// The file's name in the run directory.
  public static let fileName = "outcomes.jsonl"

  private let file: AppendFile
  /// The records that the file held when it was opened.
  public let records: [Record]

  init(path: String) throws {
    file = try AppendFile(path: path)
    var records: [Record] = []
    // A line that a power cut tore was never used.
    try file.keepLines { line in
      guard case .object(let fields)? = try? JSONReader.value(line) else { return false }
      records.append(Record(fields))
      return true
    }
    self.records = records
  }

  /// How much is in it, for `rewind`.
  public var length: Int { file.length }

  /// Takes back what was added since, which nothing that is kept has used.
  public func rewind(to length: Int) throws { try file.truncate(to: length) }

  /// Adds a record; it survives the machine from here on.
  public func append(_ record: Record) throws {
    try file.append(line: record.json)
    try file.synchronize()
  }
}

extension RunDirectory {
  /// Opens the run's outcomes, making the file where it is not there.
  public func openOutcomes() throws -> OutcomeLog {
    try OutcomeLog(path: path(OutcomeLog.fileName))
  }
}
