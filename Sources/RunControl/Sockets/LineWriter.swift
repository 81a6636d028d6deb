import CPlatform
import Glibc

/// Sends lines on a socket that does not block, without SIGPIPE. A reader that is gone or does not read is nobody's concern but
/// its own: what it misses is dropped.
struct LineWriter {
  private let descriptor: Int32
  /// What the socket had no room for of a line that was begun.
  private var rest: ArraySlice<UInt8> = []
  private var isBroken = false

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// Sends a line without ever waiting; one for which there is no room is dropped whole.
  mutating func offer(_ line: String) {
    sendRest()
    guard !isBroken, rest.isEmpty else { return }
    rest = Self.bytes(line)[...]
    sendRest()
  }

  /// Sends a line and waits for room until the deadline.
  ///
  /// - Returns: whether all of it is with the kernel.
  @discardableResult mutating func send(_ line: String, within patience: Deadline) -> Bool {
    rest += Self.bytes(line)
    while !isBroken {
      sendRest()
      if rest.isEmpty { return true }
      if isBroken || !patience.waits(for: Int32(POLLOUT), on: descriptor) { break }
    }
    return false
  }

  private mutating func sendRest() {
    while !rest.isEmpty, !isBroken {
      let count = rest.withUnsafeBytes { platform_send(descriptor, $0.baseAddress!, $0.count, -1) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        return
      } else if errno != EINTR {
        isBroken = true
      }
    }
    if rest.isEmpty { rest = [] }
  }

  private static func bytes(_ line: String) -> [UInt8] { Array(line.utf8) + [UInt8(ascii: "\n")] }
}
