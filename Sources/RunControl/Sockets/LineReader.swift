import Glibc

/// Takes lines from a socket that does not block, whatever is sent: a line has a limit in length, and in time from its first byte
/// on, so that one byte a second holds nobody up.
struct LineReader {
  enum Event: Equatable {
    /// A whole line, without its newline. What stands before the end of the stream counts as one.
    case line([UInt8])
    /// The other side is gone, or will send nothing more.
    case ended
    /// A line is longer than the limit; where the next one begins is not known.
    case tooLong
    /// A line was begun and not ended in time.
    case halfLine
    /// No line was begun in time.
    case silence
  }

  private let descriptor: Int32
  private let limit: Int
  private var buffer: [UInt8] = []
  /// Where in `buffer` the line begins: moving up what follows each of thousands of lines would take quadratic time.
  private var start = 0
  /// Up to where there is no newline behind `start`.
  private var searched = 0
  private var hasEnded = false

  init(_ descriptor: Int32, limit: Int) {
    self.descriptor = descriptor
    self.limit = limit
  }

  /// The next line.
  ///
  /// - Parameters:
  ///   - patience: how long the first byte may take.
  ///   - lineTime: how long the line may take from its first byte on; without it `patience` holds for all of it.
  mutating func next(within patience: Deadline, lineTime: Duration? = nil) -> Event {
    var deadline = pending == 0 || lineTime == nil ? patience : Deadline(after: lineTime)
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(buffer[start..<end])
        start = end + 1
        searched = start
        return line.count > limit ? .tooLong : .line(line)
      }
      searched = buffer.count
      if pending > limit { return .tooLong }
      if hasEnded {
        defer { clear() }
        return pending == 0 ? .ended : .line(Array(buffer[start...]))
      }
      let isFirst = pending == 0
      guard deadline.waits(for: Int32(POLLIN), on: descriptor) else {
        return isFirst ? .silence : .halfLine
      }
      receive()
      if isFirst, pending > 0, let lineTime { deadline = Deadline(after: lineTime) }
    }
  }

  /// Bytes of the line that has begun.
  private var pending: Int { buffer.count - start }

  private mutating func clear() {
    buffer = []
    start = 0
    searched = 0
  }

  private mutating func receive() {
    buffer.removeFirst(start)
    searched -= start
    start = 0
    let room = 1 << 16
    let before = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: room))
    // Descriptors that somebody sends along are closed by the kernel: recv, unlike recvmsg, takes none.
    let count = buffer.withUnsafeMutableBytes {
      recv(descriptor, $0.baseAddress! + before, room, Int32(MSG_DONTWAIT))
    }
    buffer.removeLast(room - max(0, count))
    if count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN) {
      // A connection that was reset half-way through a line has no line to give.
      if count < 0 { clear() }
      hasEnded = true
    }
  }
}
