import Glibc

/// What a worker writes to standard output and error: its lines go to the log, the last of it is kept for errors.
///
/// The pipe is read while a call waits; a plugin that prints between calls waits when the pipe is full.
final class OutputCapture {
  let read: Descriptor
  private(set) var tail: [UInt8] = []
  private var line: [UInt8] = []
  private let log: (String) -> Void
  private var chunk = [UInt8](repeating: 0, count: 8192)
  /// What is kept.
  private static let limit = 64 << 10
  /// A longer line is cut into several.
  private static let lineLimit = 4096

  init(_ read: Descriptor, log: @escaping (String) -> Void) {
    self.read = read
    self.log = log
  }

  /// Reads what is there; whether more may come.
  func drain() -> Bool {
    // A plugin that never stops printing must not keep the host here.
    for _ in 0..<64 {
      let count = Glibc.read(read.number, &chunk, chunk.count)
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      if count == 0 { return false }
      take(chunk[..<count])
    }
    return true
  }

  private func take(_ bytes: ArraySlice<UInt8>) {
    tail += bytes
    if tail.count > Self.limit { tail.removeFirst(tail.count - Self.limit) }
    for byte in bytes {
      if byte == UInt8(ascii: "\n") || line.count >= Self.lineLimit { flush() }
      if byte != UInt8(ascii: "\n") { line.append(byte) }
    }
  }

  private func flush() {
    if !line.isEmpty { log(String(decoding: line, as: UTF8.self)) }
    line = []
  }

  /// The last line that was printed, for a message; `nil` where there was none.
  var lastLine: String? {
    tail.split(separator: UInt8(ascii: "\n")).last.map {
      String(decoding: $0.suffix(500), as: UTF8.self)
    }
  }
}
