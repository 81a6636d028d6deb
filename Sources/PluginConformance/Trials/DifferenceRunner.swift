import Components
import Glibc
import PluginHost

/// Scores the same batches with two versions of a component and compares.
public struct DifferenceRunner: Sendable {
  private let old: (subject: CheckSubject, host: CheckHost)
  private let new: (subject: CheckSubject, host: CheckHost)
  /// Items that are made up where nobody gives a batch.
  private static let madeUpCount = 64
  /// Seconds that the batches may take.
  private static let limit = 120.0

  /// Creates a runner.
  public init(old: (CheckSubject, CheckHost), new: (CheckSubject, CheckHost)) {
    self.old = (old.0, old.1)
    self.new = (new.0, new.1)
  }

  /// One of the two could not score the batches.
  public struct Failure: Error, Sendable, CustomStringConvertible {
    /// `old` or `new`.
    public var side: String
    /// What happened.
    public var failure: String
    /// One line.
    public var description: String { "the \(side) version fails on these batches: \(failure)" }
  }

  /// Compares manifests, and scores where the component is a reward.
  ///
  /// - Parameter batchFile: batches; `nil`: the example of the new version and variations of it.
  public func run(batchFile: String?) throws -> PluginDifference {
    var difference = PluginDifference(
      manifests: try PluginManifest(contentsOf: old.subject.manifestFile),
      try PluginManifest(contentsOf: new.subject.manifestFile),
      component: new.subject.component
    )
    guard new.subject.kind == .reward else { return difference }
    let file = try TemporaryFile()
    let batches = try batchFile.map { try BatchFile.read($0) } ?? [try madeUp()]
    try BatchFile.write(batches, to: file.path)
    let before = try outcomes(old, file.path, "old")
    let after = try outcomes(new, file.path, "new")
    difference.compare(batches, old: before, new: after)
    return difference
  }

  private func madeUp() throws -> RewardBatch {
    let component = try CheckedComponent(new.subject)
    let columns = component.component.measures?.columns ?? []
    return try RewardMaterial(component, needing: columns).varied(Self.madeUpCount)
  }

  private func outcomes(
    _ version: (subject: CheckSubject, host: CheckHost),
    _ file: String,
    _ side: String
  ) throws -> [RewardOutcome] {
    var subject = version.subject
    subject.batchFile = file
    let answer = try ScoreJob.run(subject, on: version.host, limit: Self.limit)
    guard let outcomes = answer.outcomes else {
      throw Failure(side: side, failure: answer.failure ?? "no outcomes")
    }
    return outcomes
  }
}

/// A file in the temporary directory that goes with its owner.
final class TemporaryFile {
  let path: String

  init() throws {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(folder)/stepwise-batch-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    guard file >= 0 else { throw TextFile.failure("create a file in", folder) }
    close(file)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { unlink(path) }
}
