public import FoundationEssentials
import Glibc

/// A run on disk: configuration, streams of records, checkpoints, provenance and the plugin images it used.
///
/// One process writes into a run at a time, from one thread: a lock refuses the second.
public final class RunDirectory {
  /// Where the run lies.
  public let url: URL
  /// Where warnings go: one sentence each. Damaged checkpoints are named here.
  public var onWarning: (String) -> Void = { _ in }

  private let lock: RunLock
  private let streams: [RunStream: AppendFile]
  private let store: CheckpointStore

  static let configurationName = "config.yaml"
  static let checkpointsName = "checkpoints"
  static let imagesName = "images"

  /// Makes a new run. The directory may exist when it is empty.
  public static func create(at url: URL) throws -> RunDirectory {
    let path = url.path
    if Files.size(path) != nil {
      guard Files.isDirectory(path), Files.entries(path).isEmpty else {
        throw RunStoreError.occupied(path: path)
      }
    } else {
      try makeDirectoryChain(path)
    }
    return try RunDirectory(url: url)
  }

  /// Makes a new run `base/NAME`, or `base/NAME-2` and so on where that name is taken.
  public static func create(named name: String, in base: URL) throws -> RunDirectory {
    try makeDirectoryChain(base.path)
    var number = 1
    while true {
      let candidate = number == 1 ? name : "\(name)-\(number)"
      let url = base.appending(path: candidate, directoryHint: .isDirectory)
      do {
        // mkdir decides between two processes that try the same name at once.
        try Files.makeDirectory(url.path)
        return try RunDirectory(url: url)
      } catch RunStoreError.system(_, _, let code) where code == EEXIST {
        number += 1
      }
    }
  }

  /// Opens a run to go on with it.
  public static func open(at url: URL) throws -> RunDirectory {
    guard Files.size("\(url.path)/\(configurationName)") != nil else {
      throw RunStoreError.notARun(path: url.path)
    }
    let run = try RunDirectory(url: url)
    try run.store.removeLeftovers()
    return run
  }

  private init(url: URL) throws {
    self.url = url
    let path = url.path
    lock = try RunLock(run: path)
    streams = try Dictionary(
      uniqueKeysWithValues: RunStream.allCases.map {
        ($0, try AppendFile(path: "\(path)/\($0.fileName)"))
      }
    )
    let checkpoints = "\(path)/\(Self.checkpointsName)"
    if Files.size(checkpoints) == nil { try Files.makeDirectory(checkpoints) }
    store = CheckpointStore(path: checkpoints)
    // The entries made above must outlive a power cut before any checkpoint can.
    try Files.synchronize(directory: path)
    try Files.synchronize(directory: Files.parent(of: path))
    store.onWarning = { [unowned self] in self.onWarning($0) }
  }

  /// Removes a run that never began, so that its place is free again. Best effort: the error that led here matters more.
  public func discard() {
    try? Files.removeTree(url.path)
  }

  /// Writes the resolved configuration.
  public func writeConfiguration(_ yaml: String) throws {
    try Files.replace(path(Self.configurationName), with: yaml.utf8)
  }

  /// The resolved configuration.
  public func configuration() throws -> String {
    String(decoding: try Files.read(path(Self.configurationName)), as: UTF8.self)
  }

  /// Adds one record to a stream. It survives the process from here on, and the machine from the next checkpoint on.
  public func append(_ record: Record, to stream: RunStream) throws {
    try streams[stream]!.append(line: record.json)
  }

  /// Adds several records to a stream in one write: all of them, or none.
  public func append(_ records: [Record], to stream: RunStream) throws {
    guard !records.isEmpty else { return }
    try streams[stream]!.append(line: records.map(\.json).joined(separator: "\n"))
  }

  /// Every record of a stream, in order.
  public func records(in stream: RunStream) throws -> [Record] {
    try Self.records(in: stream, of: url)
  }

  /// Every record of a stream of a run that need not be open.
  public static func records(in stream: RunStream, of url: URL) throws -> [Record] {
    let path = "\(url.path)/\(stream.fileName)"
    return try RecordFile.records(of: try Files.read(path)[...], path: path)
  }

  /// Whether `archive` has made the copy of this name already.
  public func hasImage(_ digest: String) -> Bool {
    Files.size("\(path(Self.imagesName))/\(digest)") != nil
  }

  /// Copies a plugin's image or manifest into the run under its SHA-256, so that a later reload does not lose it.
  ///
  /// - Returns: the digest, which is the name of the copy in `images/`.
  public func archive(_ file: URL) throws -> String {
    let bytes = try Files.read(file.path)
    let digest = SHA256.hexDigest(of: bytes)
    let directory = path(Self.imagesName)
    if Files.size(directory) == nil { try Files.makeDirectory(directory) }
    let target = "\(directory)/\(digest)"
    if Files.size(target) == nil { try Files.replace(target, with: bytes) }
    return digest
  }

  /// Makes a checkpoint of what `body` writes into the directory that it is given.
  ///
  /// The streams are synchronised first and their lengths become part of the checkpoint, so that `rewind` finds them again.
  /// - Parameters:
  ///   - step: optimizer steps that are complete.
  ///   - count: how many checkpoints are kept, this one included.
  public func checkpoint(
    step: Int,
    keeping count: Int,
    body: (URL) throws -> Void
  ) throws -> Checkpoint {
    for stream in RunStream.allCases { try streams[stream]!.synchronize() }
    let lengths = StreamLengths(streams.mapValues(\.length))
    return try store.write(step: step, keeping: count) { directory in
      try body(directory)
      try lengths.write(into: directory.path)
    }
  }

  /// The newest checkpoint whose checksums hold, or `nil` where none was made yet. Damaged ones are named through `onWarning`.
  public func latestGoodCheckpoint() throws -> Checkpoint? {
    try store.latestGood()
  }

  /// The newest whole checkpoint of a run that another process may be writing into.
  public static func latestGoodCheckpoint(
    of url: URL,
    onWarning: @escaping (String) -> Void = { _ in }
  ) throws -> Checkpoint? {
    let store = CheckpointStore(path: "\(url.path)/\(checkpointsName)")
    store.onWarning = onWarning
    return try store.latestGood()
  }

  /// Takes the streams back to what they held at a checkpoint, or to nothing.
  public func rewind(to checkpoint: Checkpoint?) throws {
    guard let checkpoint else {
      for stream in RunStream.allCases { try streams[stream]!.truncate(to: 0) }
      return
    }
    let lengths = try StreamLengths(from: checkpoint.url.path)
    for stream in RunStream.allCases {
      let file = streams[stream]!
      let length = lengths[stream]
      if try file.endsLine(at: length) {
        try file.truncate(to: length)
      } else {
        try keepRecords(upTo: checkpoint.step, in: stream)
      }
    }
  }

  /// How much the streams held at a moment of this process.
  public struct Mark: Sendable {
    fileprivate var lengths: [RunStream: Int]
  }

  /// How much the streams hold now.
  public func mark() -> Mark { Mark(lengths: streams.mapValues(\.length)) }

  /// Drops what was added to the streams since.
  public func rewind(to mark: Mark) throws {
    for (stream, length) in mark.lengths { try streams[stream]!.truncate(to: length) }
  }

  /// A stream that somebody edited no longer ends a line where the checkpoint noted: its records' own steps decide.
  private func keepRecords(upTo step: Int, in stream: RunStream) throws {
    let file = streams[stream]!
    onWarning(
      "\(file.path): changed since the checkpoint of step \(step); records of later steps, and "
        + "lines that are not records, are dropped."
    )
    let end = Double(stream.namesStepFromZero ? step : step + 1)
    try file.keepLines { line in
      guard case .object(let fields)? = try? JSONReader.value(line) else { return false }
      return Record(fields)["step"]?.number.map { $0 < end } ?? false
    }
  }

  func path(_ name: String) -> String { "\(url.path)/\(name)" }

  static func makeDirectoryChain(_ path: String) throws {
    guard Files.size(path) == nil else { return }
    try makeDirectoryChain(Files.parent(of: path))
    do {
      try Files.makeDirectory(path)
    } catch RunStoreError.system(_, _, let code) where code == EEXIST {
      // Another process was quicker; the directory is there, which is all that is asked.
    }
  }
}
