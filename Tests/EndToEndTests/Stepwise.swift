import Foundation

/// The built executable, run as a user would.
enum Stepwise {
  /// What a process answered.
  struct Answer {
    var code: Int32
    var output: String
    var error: String
    /// Whether a signal ended it.
    var wasKilled: Bool
  }

  /// `STEPWISE_EXECUTABLE`, or `stepwise` beside the tests' binary.
  static let executable: URL = {
    if let path = ProcessInfo.processInfo.environment["STEPWISE_EXECUTABLE"] {
      return URL(filePath: path)
    }
    return URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "stepwise")
  }()

  /// The checkout.
  static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Whether the plugins lie beside the executable, as `make build` puts them. A plain `swift build` leaves only their libraries
  /// there; the manifests are then those of the checkout.
  static let isStaged = FileManager.default.fileExists(
    atPath: executable.deletingLastPathComponent().appending(path: "plugins").path
  )

  /// Real data beside the checkout; absent on most machines.
  static let shared: URL? = {
    let named = ProcessInfo.processInfo.environment["STEPWISE_SHARED"].map { URL(filePath: $0) }
    let url = named ?? repository.appending(path: "../shared").standardizedFileURL
    return FileManager.default.fileExists(atPath: url.path) ? url : nil
  }()

  /// A process that runs, with its output in files, so that no pipe can fill.
  final class Running {
    let process: Process
    private let output: URL
    private let error: URL

    init(
      _ arguments: [String],
      in directory: URL,
      environment: [String: String] = [:],
      fileSizeLimit: Int? = nil
    ) throws {
      let name = UUID().uuidString
      output = directory.appending(path: ".out-\(name)")
      error = directory.appending(path: ".err-\(name)")
      for file in [output, error] { try Data().write(to: file) }
      process = Process()
      if let fileSizeLimit {
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = [
          "-c", "ulimit -f \(fileSizeLimit); exec \"$0\" \"$@\"", executable.path,
        ]
        process.arguments! += arguments
      } else {
        process.executableURL = executable
        process.arguments = arguments
      }
      process.currentDirectoryURL = directory
      var all = ProcessInfo.processInfo.environment
      if !isStaged {
        all["STEPWISE_PLUGIN_PATH"] = repository.appending(path: "Plugins").path
      }
      // Nothing of a test reaches the user's own plugins, keys and bundles.
      for name in ["CACHE", "CONFIG", "DATA", "STATE"] {
        all["XDG_\(name)_HOME"] = directory.appending(path: name.lowercased()).path
      }
      all["OPENBLAS_CORETYPE"] = nil
      all["TERM"] = "dumb"
      all.merge(environment) { $1 }
      process.environment = all
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try FileHandle(forWritingTo: output)
      process.standardError = try FileHandle(forWritingTo: error)
      try process.run()
    }

    /// What it has written to its output so far.
    var outputSoFar: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    func wait() throws -> Answer {
      process.waitUntilExit()
      return Answer(
        code: process.terminationStatus,
        output: try String(contentsOf: output, encoding: .utf8),
        error: try String(contentsOf: error, encoding: .utf8),
        wasKilled: process.terminationReason == .uncaughtSignal
      )
    }
  }

  /// Runs to the end.
  static func run(
    _ arguments: [String],
    in directory: URL,
    environment: [String: String] = [:],
    fileSizeLimit: Int? = nil
  ) throws -> Answer {
    try Running(
      arguments,
      in: directory,
      environment: environment,
      fileSizeLimit: fileSizeLimit
    ).wait()
  }
}
