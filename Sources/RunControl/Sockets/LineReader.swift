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
  /// Bytes of `buffer` that hold no newline.
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
    var deadline = buffer.isEmpty || lineTime == nil ? patience : Deadline(after: lineTime)
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(buffer[..<end])
        buffer.removeSubrange(...end)
        searched = 0
        return line.count > limit ? .tooLong : .line(line)
      }
      searched = buffer.count
      if buffer.count > limit { return .tooLong }
      if hasEnded {
        defer { (buffer, searched) = ([], 0) }
        return buffer.isEmpty ? .ended : .line(buffer)
      }
      let wasEmpty = buffer.isEmpty
      guard deadline.waits(for: Int32(POLLIN), on: descriptor) else {
        return wasEmpty ? .silence : .halfLine
      }
      receive()
      if wasEmpty, !buffer.isEmpty, let lineTime { deadline = Deadline(after: lineTime) }
    }
  }

  private mutating func receive() {
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
      if count < 0 { (buffer, searched) = ([], 0) }
      hasEnded = true
    }
  }
}
