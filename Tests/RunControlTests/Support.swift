import CPlatform
import Foundation
import Glibc
import RunStore
import Synchronization

@testable import RunControl

/// A run's directory of its own for one test, removed at the end.
final class RunFolder {
  let path: String
  private let root: String

  /// - Parameter length: how long the path at least is, in bytes.
  init(length: Int = 0) throws {
    root = "/tmp/stepwise-control-\(UInt64.random(in: 0 ... .max))"
    var path = root
    while path.utf8.count < length {
      path += "/" + String(repeating: "d", count: min(100, max(1, length - path.utf8.count - 1)))
    }
    self.path = path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Data("seed: 1\n".utf8).write(to: URL(filePath: path + "/config.yaml"))
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  var socket: String { path + "/control.sock" }

  func mode(_ name: String) -> mode_t? {
    var status = stat()
    return lstat("\(path)/\(name)", &status) == 0 ? status.st_mode : nil
  }

  /// Sockets of this process and others that are bound here: the listening one and those that it has accepted.
  var boundSockets: Int {
    let table = (try? String(contentsOfFile: "/proc/net/unix", encoding: .utf8)) ?? ""
    return table.split(separator: "\n").count { $0.hasSuffix("\(path)/.control.sock.new") }
  }
}

/// A connection that sends what it likes.
final class RawClient {
  let descriptor: Int32
  private var received: [UInt8] = []

  init(_ run: RunFolder) throws {
    descriptor = platform_unix_socket()
    guard descriptor >= 0, platform_unix_connect(descriptor, run.socket) == 0 else {
      let code = errno
      close(descriptor)
      throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO)
    }
  }

  deinit { close(descriptor) }

  /// Sends all bytes, or as many as the other side takes before it hangs up.
  @discardableResult func send(_ bytes: [UInt8]) -> Int {
    var sent = 0
    let deadline = Deadline(after: .seconds(20))
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        platform_send(descriptor, $0.baseAddress!, $0.count, -1)
      }
      if count >= 0 {
        sent += count
      } else if errno != EAGAIN || !deadline.waits(for: Int32(POLLOUT), on: descriptor) {
        break
      }
    }
    return sent
  }

  @discardableResult func send(_ text: String) -> Int { send(Array(text.utf8)) }

  func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// The next line, or `nil` at the end of the stream.
  func line(within seconds: Double = 20) throws -> String? {
    let deadline = Deadline(after: .seconds(seconds))
    while true {
      if let end = received.firstIndex(of: 10) {
        defer { received.removeSubrange(...end) }
        return String(decoding: received[..<end], as: UTF8.self)
      }
      guard deadline.waits(for: Int32(POLLIN), on: descriptor) else { throw NoLine() }
      var bytes = [UInt8](repeating: 0, count: 1 << 16)
      let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      if count > 0 {
        received += bytes[..<count]
      } else if count == 0 || errno != EAGAIN {
        return nil
      }
    }
  }

  /// The next line as an answer.
  func answer() throws -> ControlAnswer? {
    try line().map { ControlAnswer(try Record(json: $0.utf8)) }
  }

  struct NoLine: Error {}
}

/// A gate that a handler waits at, as a swap waits for a step boundary.
final class Gate: Sendable {
  private let opening = DispatchSemaphore(value: 0)
  private let arrivals = Mutex(0)

  func pass() {
    arrivals.withLock { $0 += 1 }
    opening.wait()
  }

  func open(for count: Int = 1) { for _ in 0..<count { opening.signal() } }

  /// How many have come to the gate so far.
  var arrived: Int { arrivals.withLock { $0 } }
}

/// Whether something becomes true in time.
func eventually(_ seconds: Double = 20, _ condition: () -> Bool) -> Bool {
  let deadline = Deadline(after: .seconds(seconds))
  while !condition() {
    if deadline.hasPassed { return false }
    usleep(2000)
  }
  return true
}

/// Threads of this process that serve a connection.
var servingThreads: Int {
  let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
  return tasks.count {
    (try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)) == "stepwise-ctl\n"
  }
}

/// SplitMix64: what a test draws can be drawn again.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Answers `status` at once, `swap` once the gate is open, and tells what it was asked.
func scripted(_ gate: Gate = Gate()) -> ControlServer.Handler {
  { request, progress in
    switch request.command {
    case "status": return .done(["going"], ["step": 7])
    case "echo": return .done([], request.record)
    case "swap":
      progress("waits for the next step boundary")
      gate.pass()
      return .done(["swapped"], ["plugin": request["plugin"] ?? nil])
    default:
      return .refused("there is no command \(request.command)", cure: "Ask for status.")
    }
  }
}
