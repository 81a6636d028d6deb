import Glibc
import PluginHost

/// Programs that a command runs for the user. They have the user's terminal, and they end with the command.
enum Subprocess {
  /// Runs a program to its end, with this process's output.
  ///
  /// - Parameter environment: what differs from this process's.
  /// - Returns: how it ended, or `nil` where the user interrupted and it was killed.
  static func run(
    _ executable: String,
    _ arguments: [String],
    environment: [String: String] = [:]
  ) throws -> ChildProcess.Exit? {
    let child = try ChildProcess(
      ChildProcess.Launch(
        executable: executable,
        arguments: arguments,
        environment: ChildProcess.hostEnvironment.merging(environment) { $1 },
        descriptors: [
          STDOUT_FILENO: try duplicate(STDOUT_FILENO), STDERR_FILENO: try duplicate(STDERR_FILENO),
        ]
      )
    )
    // Ctrl-C reaches this process alone: the child has a process group of its own.
    while !StopRequest.isPending {
      if let exit = child.wait(timeout: .milliseconds(100)) {
        child.kill()
        return exit
      }
    }
    child.kill()
    return nil
  }

  /// What a program writes to its output.
  static func output(_ executable: String, _ arguments: [String]) throws -> String {
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { throw ProcessFailure("make", "a pipe") }
    let reader = Descriptor(owning: ends[0])
    var writer: Descriptor? = Descriptor(owning: ends[1])
    let child = try ChildProcess(
      ChildProcess.Launch(
        executable: executable,
        arguments: arguments,
        descriptors: [STDOUT_FILENO: writer!]
      )
    )
    writer = nil
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(reader.number, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    _ = child.kill()
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func duplicate(_ number: Int32) throws -> Descriptor {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { throw ProcessFailure("duplicate", "descriptor \(number)") }
    return Descriptor(owning: copy)
  }
}
