public import FoundationEssentials
import Glibc

/// Looking at a run that another process may be writing into. Nothing here opens or changes it.
extension RunDirectory {
  /// Whether a process writes into the run now.
  public static func isInUse(_ url: URL) -> Bool { RunLock.isHeld(run: url.path) }

  /// The whole lines of a stream so far; empty where the run has none.
  ///
  /// - Throws: `RunStoreError.damaged` with file and line.
  public static func recordsSoFar(in stream: RunStream, of url: URL) throws -> [Record] {
    try RecordFile.records(at: "\(url.path)/\(stream.fileName)") ?? []
  }

  /// The records that a stream held at a checkpoint.
  public static func records(
    in stream: RunStream,
    of url: URL,
    at checkpoint: Checkpoint
  ) throws -> [Record] {
    let path = "\(url.path)/\(stream.fileName)"
    guard Files.size(path) != nil else { return [] }
    let length = try StreamLengths(from: checkpoint.url.path)[stream]
    return try RecordFile.records(of: try Files.read(path).prefix(length), path: path)
  }

  /// The checkpoints by their names, oldest first; whether they are whole is not looked at.
  public static func checkpoints(of url: URL) -> [Checkpoint] {
    let path = "\(url.path)/\(checkpointsName)"
    return Files.entries(path).compactMap { name in
      Checkpoint.step(inName: name).map {
        Checkpoint(step: $0, url: URL(filePath: "\(path)/\(name)", directoryHint: .isDirectory))
      }
    }.sorted { $0.step < $1.step }
  }

  /// Where the run's numbers come from.
  public static func provenance(of url: URL) throws -> Provenance {
    try provenance(at: "\(url.path)/\(provenanceName)")
  }

  /// Bytes that a directory takes on the disk. What disappears meanwhile is not counted.
  public static func sizeOnDisk(_ url: URL) -> Int {
    // A block of st_blocks is 512 bytes, whatever the file system's own blocks are.
    Files.filesBelow(url.path).reduce(0) { sum, name in
      var status = stat()
      guard lstat("\(url.path)/\(name)", &status) == 0 else { return sum }
      return sum + Int(status.st_blocks) * 512
    }
  }
}
