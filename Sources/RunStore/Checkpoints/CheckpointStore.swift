import FoundationEssentials
import Glibc

/// Checkpoints in a directory: each appears whole or not at all, and says whether it is still what was written.
///
/// A checkpoint is made in a hidden temporary directory, checksummed, synchronised and then renamed into place, so that a
/// stop at any moment leaves the ones before untouched. It knows nothing of what the files mean.
final class CheckpointStore {
  /// The moments between which a stop must be harmless; tests look at the disk at each.
  enum Phase: CaseIterable {
    case directoryMade
    case filesWritten
    case manifestWritten
    case synchronized
    case predecessorSetAside
    case renamed
    case parentSynchronized
    case oldSetAside
    case oldRemoved
  }

  private static let replacedSuffix = ".replaced"

  let path: String
  /// Where warnings go: one sentence each, naming the checkpoint.
  var onWarning: (String) -> Void = { _ in }
  var onPhase: (Phase) -> Void = { _ in }

  init(path: String) {
    self.path = path
  }

  /// Removes what an interrupted write or removal left behind. Only for the run's one writer.
  func removeLeftovers() throws {
    for name in Files.entries(path) where name.hasPrefix("." + Checkpoint.prefix) {
      let target = name.dropFirst().dropLast(Self.replacedSuffix.count)
      if name.hasSuffix(Self.replacedSuffix), Files.size("\(path)/\(target)") == nil {
        // The stop came between the two renames: the successor never arrived.
        try Files.moveItem("\(path)/\(name)", to: "\(path)/\(target)")
      } else {
        try Files.removeTree("\(path)/\(name)")
      }
    }
  }

  /// Steps that have a checkpoint, whole or not, ascending.
  var steps: [Int] {
    Files.entries(path).compactMap(Checkpoint.step(inName:)).sorted()
  }

  /// Makes a checkpoint of what `body` writes into the directory that it is given, then removes those beyond the last `count`.
  func write(step: Int, keeping count: Int, body: (URL) throws -> Void) throws -> Checkpoint {
    precondition(step >= 0 && count >= 1, "step \(step), keeping \(count)")
    if Files.size(path) == nil { try Files.makeDirectory(path) }
    let temporary = "\(path)/.\(Checkpoint.directoryName(step: step)).tmp-\(getpid())"
    do {
      try Files.removeTree(temporary)
      try fill(temporary, step: step, body: body)
      try install(temporary, step: step)
    } catch {
      // The error that matters is the first; leftovers are removed at the next start anyway.
      try? Files.removeTree(temporary)
      throw error
    }
    try removeOld(keeping: count, upTo: step)
    return checkpoint(step: step)
  }

  /// The newest whole checkpoint; damaged newer ones are named through `onWarning`.
  func latestGood() throws -> Checkpoint? {
    var damaged: [String] = []
    for step in steps.reversed() {
      let checkpoint = checkpoint(step: step)
      guard let problem = try CheckpointManifest.problem(in: checkpoint.url.path, step: step) else {
        return checkpoint
      }
      let name = Checkpoint.directoryName(step: step)
      damaged.append("\(name): \(problem)")
      onWarning("\(checkpoint.url.path): damaged: \(problem). The checkpoint before it is used.")
    }
    if damaged.isEmpty { return nil }
    throw RunStoreError.noGoodCheckpoint(path: path, damaged: damaged)
  }

  private func checkpoint(step: Int) -> Checkpoint {
    let name = Checkpoint.directoryName(step: step)
    return Checkpoint(
      step: step,
      url: URL(filePath: "\(path)/\(name)", directoryHint: .isDirectory)
    )
  }

  private func fill(_ temporary: String, step: Int, body: (URL) throws -> Void) throws {
    try Files.makeDirectory(temporary)
    onPhase(.directoryMade)
    try body(URL(filePath: temporary, directoryHint: .isDirectory))
    onPhase(.filesWritten)
    try CheckpointManifest(step: step, directory: temporary).write(into: temporary)
    onPhase(.manifestWritten)
    for file in Files.filesBelow(temporary) {
      try Files.synchronize(file: "\(temporary)/\(file)")
    }
    for directory in Files.directoriesBelow(temporary) {
      try Files.synchronize(directory: directory)
    }
    onPhase(.synchronized)
  }

  private func install(_ temporary: String, step: Int) throws {
    let target = "\(path)/\(Checkpoint.directoryName(step: step))"
    // After a fallback the same step comes again. A rename does not replace a directory that is not empty.
    let replaced = "\(path)/.\(Checkpoint.directoryName(step: step))\(Self.replacedSuffix)"
    if Files.size(target) != nil {
      try Files.removeTree(replaced)
      try Files.moveItem(target, to: replaced)
      onPhase(.predecessorSetAside)
    }
    try Files.moveItem(temporary, to: target)
    onPhase(.renamed)
    try Files.synchronize(directory: path)
    onPhase(.parentSynchronized)
    try Files.removeTree(replaced)
  }

  /// The one just written is whole and counts; later ones, left from before a fallback, are neither counted nor removed.
  private func removeOld(keeping count: Int, upTo step: Int) throws {
    for old in steps.filter({ $0 <= step }).dropLast(count) {
      // Set aside first: a checkpoint that is half removed must not look like one that is damaged.
      let name = Checkpoint.directoryName(step: old)
      let aside = "\(path)/.\(name).removed-\(getpid())"
      try Files.moveItem("\(path)/\(name)", to: aside)
      onPhase(.oldSetAside)
      try Files.removeTree(aside)
      onPhase(.oldRemoved)
    }
  }
}
