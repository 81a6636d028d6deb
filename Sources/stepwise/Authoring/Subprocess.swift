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
    let pipe = try Descriptor.pipe()
    let child = try ChildProcess(
      ChildProcess.Launch(
        executable: executable,
        arguments: arguments,
        descriptors: [STDOUT_FILENO: pipe.write]
      )
    )
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    // This process holds the writing end, too, so the end of the process ends the reading.
    var hasEnded = false
    while true {
      let count = read(pipe.read.number, &chunk, chunk.count)
      if count > 0 {
        bytes.append(contentsOf: chunk[..<count])
      } else if hasEnded || StopRequest.isPending {
        break
      } else {
        hasEnded = child.wait(timeout: .milliseconds(20)) != nil
      }
    }
    child.kill()
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func duplicate(_ number: Int32) throws -> Descriptor {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { throw ProcessFailure("duplicate", "descriptor \(number)") }
    return Descriptor(owning: copy)
  }
}
