public import FoundationEssentials
import Glibc

/// An evaluation on disk: its settings, one line for each prompt that is done, and at the end its results.
///
/// The settings are written first and never change: a directory holds one evaluation. Lines are added in pieces; a kill in between
/// leaves whole pieces and perhaps a part of one, which whoever goes on takes back. One process writes at a time.
public final class EvaluationDirectory {
  /// Where it lies.
  public let url: URL
  private let lock: RunLock
  private let generations: AppendFile

  /// What identifies the evaluation.
  public static let settingsName = "settings.json"
  /// One record for each prompt, in the order in which they are done.
  public static let generationsName = "generations.jsonl"
  /// The figures.
  public static let resultsName = "results.json"

  /// Opens the directory of an evaluation, or makes a new one.
  ///
  /// - Throws: `EvaluationDirectoryError` where the directory holds something else or is in use, `RunStoreError` where the disk refuses.
  public init(at url: URL) throws {
    self.url = url
    let path = url.path
    try RunDirectory.makeDirectoryChain(path)
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw EvaluationDirectoryError.notADirectory(path: path)
    }
    let names = Files.entries(path).filter { $0 != ".lock" && !$0.contains(".tmp-") }
    if !names.contains(Self.settingsName), let stranger = names.first(where: { !isEmpty($0) }) {
      throw EvaluationDirectoryError.occupied(path: path, by: stranger)
    }
    // A kill before the settings were written leaves this file, empty.
    func isEmpty(_ name: String) -> Bool {
      name == Self.generationsName && Files.size("\(path)/\(name)") == 0
    }
    do {
      lock = try RunLock(run: path)
    } catch RunStoreError.inUse {
      throw EvaluationDirectoryError.inUse(path: path)
    }
    generations = try AppendFile(path: "\(path)/\(Self.generationsName)")
  }

  /// The settings of the evaluation that was begun here, or `nil` in a new directory.
  public func settings() throws -> Record? { try Self.object(Self.settingsName, of: url) }

  /// Begins the evaluation.
  public func begin(_ settings: Record) throws {
    try replace(Self.settingsName, settings)
    try generations.truncate(to: 0)
  }

  /// The prompts that are done, in the order in which they were. A torn last line is left out.
  public func records() throws -> [Record] { try Self.records(of: url) }

  /// Drops all lines but the first `count`, and with them a torn one.
  public func keep(_ count: Int) throws {
    let newline = UInt8(ascii: "\n")
    let bytes = try Files.read(generations.path)
    var (end, left) = (0, count)
    while left > 0, let next = bytes[end...].firstIndex(of: newline) {
      end = next + 1
      left -= 1
    }
    try generations.truncate(to: end)
  }

  /// Adds the prompts of one piece; they are on the disk when it returns.
  public func append(_ records: [Record]) throws {
    guard !records.isEmpty else { return }
    try generations.append(line: records.map(\.json).joined(separator: "\n"))
    try generations.synchronize()
  }

  /// Writes the figures as a whole.
  public func finish(_ results: Record) throws { try replace(Self.resultsName, results) }

  private func replace(_ name: String, _ record: Record) throws {
    try Files.replace("\(url.path)/\(name)", with: Array((record.indentedJSON + "\n").utf8))
  }

  // MARK: Looking

  /// The settings of an evaluation that may be going on.
  ///
  /// - Throws: `EvaluationDirectoryError.notAnEvaluation` where there is none.
  public static func settings(of url: URL) throws -> Record {
    guard let record = try object(settingsName, of: url) else {
      throw EvaluationDirectoryError.notAnEvaluation(path: url.path)
    }
    return record
  }

  /// The prompts that are done.
  public static func records(of url: URL) throws -> [Record] {
    try RecordFile.records(at: "\(url.path)/\(generationsName)") ?? []
  }

  /// The figures, or `nil` before the end.
  public static func results(of url: URL) throws -> Record? { try object(resultsName, of: url) }

  private static func object(_ name: String, of url: URL) throws -> Record? {
    let path = "\(url.path)/\(name)"
    guard Files.size(path) != nil else { return nil }
    do {
      return try Record(json: try Files.read(path))
    } catch let error as RecordSyntaxError {
      throw RunStoreError.damaged(path: path, reason: error.description)
    }
  }
}

/// What can be wrong with the directory of an evaluation.
public enum EvaluationDirectoryError: Error, Equatable, CustomStringConvertible {
  /// The path is that of a file.
  case notADirectory(path: String)
  /// Something else lies there.
  case occupied(path: String, by: String)
  /// There is no evaluation.
  case notAnEvaluation(path: String)
  /// Another process writes there.
  case inUse(path: String)
  /// The evaluation there has other settings: their names, what they were and what they are.
  case otherSettings(path: String, differences: [SettingDifference])
  /// A line is not what this evaluation writes.
  case strange(path: String, line: Int, problem: String)

  /// One setting with two values.
  public struct SettingDifference: Sendable, Equatable {
    /// Its place in settings.json.
    public var key: String
    /// Its value there, as JSON; `nil`: it is not there.
    public var stored: String?
    /// The value asked for, as JSON; `nil`: there is none.
    public var wanted: String?

    /// Creates a difference.
    public init(key: String, stored: String?, wanted: String?) {
      (self.key, self.stored, self.wanted) = (key, stored, wanted)
    }
  }

  /// The message with its cure.
  public var description: String {
    switch self {
    case .notADirectory(let path):
      return "\(path): a file, not a directory. Choose another --output-dir."
    case .occupied(let path, let name):
      return
        "\(path): the directory holds \(name), which is no part of an evaluation. Choose another --output-dir."
    case .notAnEvaluation(let path):
      return
        "\(path): no evaluation here (\(EvaluationDirectory.settingsName) is missing). Name a directory "
        + "that `stepwise eval --output-dir` made."
    case .inUse(let path):
      return
        "\(path): another process is evaluating into this directory. Wait for it or stop it, then try again."
    case .otherSettings(let path, let differences):
      let list = differences.map {
        "\n  \($0.key): \($0.stored ?? "nothing") there, \($0.wanted ?? "nothing") asked for"
      }
      return
        "\(path): holds an evaluation with other settings, and two are never mixed:\(list.joined())\n"
        + "Choose another --output-dir, or ask for the same settings to go on with that one."
    case .strange(let path, let line, let problem):
      return
        "\(path): line \(line): \(problem). The file was changed by hand; remove the directory and evaluate again."
    }
  }
}
