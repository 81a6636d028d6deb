import Foundation
import RunStore
import Training

/// A run's directory as the beginning of another one: what it was trained from, without what it became.
struct RunCopy {
  let source: URL
  let target: URL

  /// Plugins, tokenizer, configuration, recorded outcomes and the base of an adapter: everything that a run needs of another to be trained again.
  private static let parts = [
    "config.yaml", "provenance.json", "tokenizer", "images", OutcomeLog.fileName, Trainer.baseName,
  ]

  /// Makes the directory.
  ///
  /// - Parameter name: what follows the source's name where no place was given; numbered where it is taken.
  init(of source: URL, to place: String?, suffix name: String) throws {
    self.source = source
    let parent = source.deletingLastPathComponent()
    var candidate =
      place.map { URL(filePath: $0, directoryHint: .isDirectory).standardizedFileURL }
      ?? parent.appending(
        path: "\(source.lastPathComponent)-\(name)",
        directoryHint: .isDirectory
      )
    var number = 2
    while place == nil, FileManager.default.fileExists(atPath: candidate.path) {
      candidate = parent.appending(
        path: "\(source.lastPathComponent)-\(name)-\(number)",
        directoryHint: .isDirectory
      )
      number += 1
    }
    let there = try? FileManager.default.contentsOfDirectory(atPath: candidate.path)
    guard there?.isEmpty ?? true else { throw RunStoreError.occupied(path: candidate.path) }
    target = candidate
    do {
      try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
      for part in Self.parts { try copy(part) }
    } catch {
      discard()
      throw error
    }
  }

  /// Copies a file or a folder that the source has.
  func copy(_ name: String) throws {
    let from = source.appending(path: name)
    guard FileManager.default.fileExists(atPath: from.path) else { return }
    let to = target.appending(path: name)
    try FileManager.default.createDirectory(
      at: to.deletingLastPathComponent(),
      withIntermediateDirectories: true
    )
    try FileManager.default.copyItem(at: from, to: to)
  }

  /// Writes those records of the journal that are to hold.
  func copyJournal(where isKept: (Record) -> Bool) throws {
    let records = try Journal.records(of: source).filter(isKept)
    let text = records.map { $0.json + "\n" }.joined()
    try Data(text.utf8).write(to: target.appending(path: Journal.fileName))
  }

  /// Removes what was made. Best effort: the error that led here matters more.
  func discard() { try? Self.remove(target) }

  static func remove(_ url: URL) throws { try FileManager.default.removeItem(at: url) }
}
