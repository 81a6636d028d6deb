import Foundation

/// Runs workers one after the other until the time is over, and keeps the inputs that end one.
struct FuzzSupervisor {
  /// What is printed.
  struct Result: Encodable {
    var target: String
    var seed: UInt64
    var seconds: Double
    var executions: UInt64
    var accepted: UInt64
    var distinctOutcomes: Int
    var crashes: [Crash]
    var slowestSeconds: Double
    var slowestBytes: Int
    var folder: String
  }

  /// An input that brought a worker down.
  struct Crash: Encodable {
    var execution: UInt64
    /// The signal, or that it took too long.
    var end: String
    var file: String
    /// The last lines of standard error.
    var message: String
  }

  private let options: FuzzOptions
  private let folder: FuzzFolder
  private let status: FuzzStatus.File
  private var crashes: [Crash] = []

  /// A worker that could not work.
  struct WorkerFailure: Error, CustomStringConvertible {
    var status: Int32
    var message: String
    var description: String { "the worker ended with \(status): \(message)" }
  }

  /// More would say nothing new.
  private static let maximumCrashes = 50

  init(_ options: FuzzOptions, folder: FuzzFolder) throws {
    self.options = options
    self.folder = folder
    status = try FuzzStatus.File(path: folder.status)
    status.write(.empty)
  }

  mutating func run() throws -> Result {
    let start = ContinuousClock.now
    func elapsed() -> Double { (ContinuousClock.now - start) / .seconds(1) }
    var next: UInt64 = 0
    while elapsed() < options.seconds, crashes.count < Self.maximumCrashes {
      let ending = try runWorker(from: next, seconds: options.seconds - elapsed())
      let execution = status.read().execution
      if let ending { try keepCrash(execution, ending) }
      next = execution + 1
    }
    let done = status.read()
    return Result(
      target: "\(options.target)",
      seed: options.seed,
      seconds: elapsed(),
      executions: done.executions,
      accepted: done.accepted,
      distinctOutcomes: folder.knownOutcomes().count,
      crashes: crashes,
      slowestSeconds: done.slowestSeconds,
      slowestBytes: done.slowestBytes,
      folder: folder.path
    )
  }

  /// Runs a worker; nil where it came to its own end, else how it ended and what it said.
  private func runWorker(from first: UInt64, seconds: Double) throws -> (String, String)? {
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = [
      "work", "\(options.target)", "--seconds", "\(seconds)", "--seed", "\(options.seed)",
      "--time-limit", "\(options.timeLimit)", "--memory-limit", "\(options.memoryLimit)",
      "--folder", folder.path, "--first", "\(first)",
    ]
    var environment = ProcessInfo.processInfo.environment
    // Symbolising a backtrace takes seconds, and the input says more.
    environment["SWIFT_BACKTRACE"] = "enable=no"
    process.environment = environment
    let errors = folder.path + "/stderr"
    _ = FileManager.default.createFile(atPath: errors, contents: nil)
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
    process.waitUntilExit()
    if process.terminationReason == .exit, process.terminationStatus == 0 { return nil }
    let text = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
    let message = String(text.suffix(600))
    // An error that the worker itself reports is not the input's.
    guard process.terminationReason == .uncaughtSignal else {
      throw WorkerFailure(status: process.terminationStatus, message: message)
    }
    return switch process.terminationStatus {
    case SIGPROF: ("took more than \(options.timeLimit) s", message)
    case let signal: (String(cString: strsignal(signal)), message)
    }
  }

  private mutating func keepCrash(_ execution: UInt64, _ ending: (String, String)) throws {
    let file = folder.path + "/crash-\(execution)"
    try? FileManager.default.removeItem(atPath: file)
    try? FileManager.default.copyItem(atPath: folder.current, toPath: file)
    crashes.append(
      Crash(execution: execution, end: ending.0, file: file, message: ending.1)
    )
  }
}
