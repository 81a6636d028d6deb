import Components
import Foundation
import Glibc
import PluginHost
import RunStore

/// Trains a configuration twice, once killed and gone on with, and compares what came out, byte by byte.
struct ResumeProof {
  /// A file that was compared.
  struct Comparison: Equatable {
    /// Relative to the run's directory; streams without their wall-clock columns.
    var file: String
    /// SHA-256 in the run that was never stopped; `nil` where it has no such file.
    var whole: String?
    /// SHA-256 in the other one.
    var other: String?

    var isEqual: Bool { whole == other }
  }

  /// One run that was compared with the whole one.
  struct Trial {
    /// What was done to it.
    var label: String
    var directory: URL
    var comparisons: [Comparison]
    var seconds: Double

    var isEqual: Bool { comparisons.allSatisfy(\.isEqual) }
  }

  /// What the configuration is trained from: `CONFIG key=value ...`.
  let arguments: [String]
  let steps: Int
  /// The checkpoint behind which the second run is killed.
  let killStep: Int
  let threadCounts: [Int]
  /// Where the runs go.
  let directory: URL
  /// Is told what is being done.
  var onProgress: (String) -> Void = { _ in }

  static let whole = "whole"

  /// Trains and compares.
  ///
  /// - Throws: `TrainingRefused` with the message of a training that fails, `RunError` where no kill came in time.
  func run() throws -> [Trial] {
    onProgress("training \(steps) steps in one go")
    _ = try train(to: Self.whole)
    var trials = [try killed()]
    for count in threadCounts {
      let name = "threads-\(count)"
      onProgress("training with numerics.threads=\(count)")
      let seconds = try train(to: name, ["numerics.threads=\(count)"])
      let label = "\(count) thread\(count == 1 ? "" : "s")"
      trials.append(try trial(label, name, seconds: seconds))
    }
    return trials
  }

  /// The kinds of the steps that were proven.
  func kinds() throws -> [StepKind] {
    try RunHistory.kinds(directory.appending(path: Self.whole))
  }

  private func killed() throws -> Trial {
    // A process may outrun its killer, so that nothing is left to resume: then it is killed earlier.
    var step = killStep
    for attempt in 0..<4 {
      let name = attempt == 0 ? "killed" : "killed-\(attempt + 1)"
      onProgress("training again, killed after the checkpoint of step \(step)")
      let began = steadySeconds()
      if try train(to: name, killedAt: step) {
        onProgress("going on in a new process")
        let url = directory.appending(path: name)
        let from = RunDirectory.checkpoints(of: url).last?.step ?? 0
        _ = try TrainingProcess(["train", "--resume", url.path]).waitForSuccess()
        return try trial(
          "killed, gone on with from step \(from)",
          name,
          seconds: steadySeconds() - began
        )
      }
      step = max(1, step / 2)
    }
    throw RunError(
      arguments.first ?? "the configuration",
      "its \(steps) steps are over before the process can be killed",
      cure: "Give more steps with --steps"
    )
  }

  /// Arguments that every run of the proof shares. They change no bits of the weights.
  private func command(to name: String, _ more: [String]) -> [String] {
    ["train"] + arguments + [
      "max_steps=\(steps)", "save_steps=1", "save_total_limit=2", "logging_steps=1",
      "output_dir=\(directory.appending(path: name).path)",
    ] + more
  }

  private func train(to name: String, _ more: [String] = []) throws -> Double {
    let began = steadySeconds()
    try TrainingProcess(command(to: name, more)).waitForSuccess()
    return steadySeconds() - began
  }

  /// - Returns: whether the process was killed before its last checkpoint.
  private func train(to name: String, killedAt step: Int) throws -> Bool {
    let process = try TrainingProcess(command(to: name, ["--json"]))
    let sawCheckpoint = try process.read { line in
      line["event"]?.text == "checkpoint" && line["step"]?.number == Double(step)
    }
    guard sawCheckpoint else {
      // It ended before: its own message says why.
      try process.waitForSuccess()
      return false
    }
    process.kill()
    let url = directory.appending(path: name)
    return (RunDirectory.checkpoints(of: url).last?.step ?? 0) < steps
  }

  private func trial(_ label: String, _ name: String, seconds: Double) throws -> Trial {
    let url = directory.appending(path: name)
    return Trial(
      label: label,
      directory: url,
      comparisons: try Self.compare(directory.appending(path: Self.whole), url),
      seconds: seconds
    )
  }

  // MARK: What is compared

  /// The files of the last checkpoint and every stream.
  static func compare(_ whole: URL, _ other: URL) throws -> [Comparison] {
    let (a, b) = (try digests(of: whole), try digests(of: other))
    let left = Dictionary(a, uniquingKeysWith: { $1 })
    let right = Dictionary(b, uniquingKeysWith: { $1 })
    let files = a.map(\.0) + b.map(\.0).filter { left[$0] == nil }
    return files.map { Comparison(file: $0, whole: left[$0], other: right[$0]) }
  }

  /// Lengths of streams hold the lengths of times, and the manifest holds the digests of all others.
  private static let leftOut: Set<String> = ["streams.json", "manifest.json"]

  /// What steers a run holds its configuration: where the run lies and how many threads it has are no bits of it.
  private static func digest(ofFileAt file: URL) throws -> String {
    guard file.lastPathComponent == "control.state",
      let steering = try Steering([UInt8](try Data(contentsOf: file)))
    else { return try SHA256.hexDigest(ofFileAt: file) }
    return SHA256.hexDigest(of: try steering.withoutPlace().encoded())
  }

  private static func digests(of run: URL) throws -> [(String, String)] {
    var found: [(String, String)] = []
    let last = RunDirectory.checkpoints(of: run).last
    if let checkpoint = last?.url {
      let names = try FileManager.default.contentsOfDirectory(atPath: checkpoint.path).sorted()
      for name in names where !leftOut.contains(name) {
        found.append(
          (
            "checkpoints/\(checkpoint.lastPathComponent)/\(name)",
            try digest(ofFileAt: checkpoint.appending(path: name))
          )
        )
      }
    }
    for stream in RunStream.allCases {
      // A run that was killed has more records than its checkpoint knows.
      let records =
        try last.map { try RunDirectory.records(in: stream, of: run, at: $0) }
        ?? RunDirectory.recordsSoFar(in: stream, of: run)
      found.append((stream.fileName, RecordComparison.digest(records)))
    }
    if let outcomes = try RecordFile.records(at: "\(run.path)/\(OutcomeLog.fileName)") {
      found.append((OutcomeLog.fileName, RecordComparison.digest(outcomes)))
    }
    return found
  }
}

extension Steering {
  /// The same without what two equal runs do not share: their directory, their threads, and how their journals count.
  func withoutPlace() throws -> Steering {
    func bare(_ yaml: String) throws -> String {
      var configuration = try RunConfiguration.load(yaml: yaml, file: "control.state").configuration
      configuration.outputDir = nil
      configuration.numerics.threads = nil
      return configuration.yaml
    }
    var steering = self
    steering.configuration = try bare(configuration)
    for index in undo.indices {
      steering.undo[index].configuration = try bare(undo[index].configuration)
    }
    steering.sequence = 0
    steering.trial?.sequence = 0
    return steering
  }
}

/// A `stepwise train` of this very program, with its output in a pipe. It dies with this process.
private final class TrainingProcess {
  /// It ended with an error, whose message was already complete.
  struct Failed: Error, CustomStringConvertible {
    var message: String
    var description: String { message }
  }

  private let process: ChildProcess
  private let output: Descriptor
  private let errors: Descriptor
  private var pending: [UInt8] = []
  private var message: [UInt8] = []

  init(_ arguments: [String]) throws {
    let (output, errors) = (try Descriptor.pipe(), try Descriptor.pipe())
    process = try ChildProcess(
      ChildProcess.Launch(
        executable: "/proc/self/exe",
        arguments: arguments,
        environment: ChildProcess.hostEnvironment,
        descriptors: [STDOUT_FILENO: output.write, STDERR_FILENO: errors.write]
      )
    )
    // The writing ends are the child's alone from here on, so that its end is the end of the pipes.
    self.output = output.read
    self.errors = errors.read
  }

  deinit { process.kill() }

  func kill() { process.kill() }

  /// Reads the process's events until one satisfies `isLast`.
  ///
  /// - Returns: whether one did before the process ended.
  func read(until isLast: (Record) -> Bool) throws -> Bool {
    while true {
      while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(pending[..<end])
        pending.removeSubrange(...end)
        if let record = Record(json: line), isLast(record) { return true }
      }
      if try !pump() { return false }
    }
  }

  /// Waits for the end.
  ///
  /// - Throws: `Interrupted` where the user asked for it, `Failed` with the process's own message.
  func waitForSuccess() throws {
    while try pump() { pending = [] }
    let exit = process.wait()
    guard exit != .exited(0) else { return }
    let text = String(decoding: message, as: UTF8.self)
      .split(separator: "\n").map(String.init).joined(separator: "\n")
    throw Failed(
      message: text.isEmpty ? "the training ended with \(exit.map { "\($0)" } ?? "nothing")" : text
    )
  }

  /// Takes what has come.
  ///
  /// - Returns: whether more may come.
  private func pump() throws -> Bool {
    if StopRequest.isPending {
      process.kill()
      throw Interrupted()
    }
    var polls = [
      pollfd(fd: output.number, events: Int16(POLLIN), revents: 0),
      pollfd(fd: errors.number, events: Int16(POLLIN), revents: 0),
    ]
    guard poll(&polls, 2, 100) >= 0 || errno == EINTR else { return false }
    var ended = 0
    for (index, descriptor) in [output, errors].enumerated() where polls[index].revents != 0 {
      var chunk = [UInt8](repeating: 0, count: 1 << 14)
      let count = Glibc.read(descriptor.number, &chunk, chunk.count)
      if count <= 0 {
        ended += 1
      } else if index == 0 {
        pending += chunk[..<count]
      } else {
        message += chunk[..<count]
      }
    }
    return ended < 2
  }
}

extension Record {
  /// Reads one line of JSON; `nil` where it is not an object.
  init?(json bytes: [UInt8]) {
    guard let record = try? RecordFile.record(of: bytes) else { return nil }
    self = record
  }
}
