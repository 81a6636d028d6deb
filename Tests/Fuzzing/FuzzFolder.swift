import Foundation

/// Where a run keeps its inputs.
struct FuzzFolder {
  let path: String

  init(path: String) throws {
    self.path = path
    try FileManager.default.createDirectory(
      atPath: path + "/corpus",
      withIntermediateDirectories: true
    )
  }

  /// The input that is being run.
  var current: String { path + "/current" }
  /// What the worker has done so far.
  var status: String { path + "/status" }
  /// Each outcome once, a line each.
  var outcomes: String { path + "/outcomes" }
  /// The input that took the longest.
  var slowest: String { path + "/slowest" }

  /// Inputs that led to new outcomes, the oldest first.
  func corpus() throws -> [[UInt8]] {
    try FileManager.default.contentsOfDirectory(atPath: path + "/corpus").sorted().map {
      [UInt8](try Data(contentsOf: URL(filePath: path + "/corpus/" + $0)))
    }
  }

  func addToCorpus(_ input: [UInt8], execution: UInt64) throws {
    let digits = String(execution)
    let name = String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    try Data(input).write(to: URL(filePath: path + "/corpus/" + name))
  }

  func knownOutcomes() -> Set<String> {
    let text = (try? String(contentsOfFile: outcomes, encoding: .utf8)) ?? ""
    return Set(text.split(separator: "\n").map(String.init))
  }
}

/// The worker's counts, in a file that outlives it.
struct FuzzStatus: Codable {
  /// The execution that runs, or ran last.
  var execution: UInt64 = 0
  var executions: UInt64 = 0
  var accepted: UInt64 = 0
  var slowestSeconds = 0.0
  var slowestBytes = 0

  static let empty = FuzzStatus()

  /// A file that is written in place with the bytes of the value: it is written before every input.
  final class File {
    private let descriptor: Int32

    init(path: String) throws {
      descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw POSIXError(.EIO) }
    }

    deinit { close(descriptor) }

    func write(_ status: FuzzStatus) {
      var status = status
      withUnsafeBytes(of: &status) { _ = pwrite(descriptor, $0.baseAddress!, $0.count, 0) }
    }

    func read() -> FuzzStatus {
      var status = FuzzStatus()
      withUnsafeMutableBytes(of: &status) { bytes in
        _ = pread(descriptor, bytes.baseAddress!, bytes.count, 0)
      }
      return status
    }
  }
}
