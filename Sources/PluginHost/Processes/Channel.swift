import CPlatform
import Glibc
import Synchronization

/// One end of a socket pair that carries frames: a length (UInt32, little-endian), then so many bytes.
///
/// What comes from the other side is not trusted: a length above the limit is refused before any memory is taken for it. One
/// thread may send while another receives; two that send at once take turns.
public final class Channel: Sendable {
  /// Why a frame could not cross.
  public enum Problem: Error, Sendable, Equatable, CustomStringConvertible {
    /// The other side did not answer, or did not take what was sent, in time.
    case timeout
    /// A frame says that it is longer than the limit.
    case tooLong(length: Int, limit: Int)
    /// The other side closed the channel within a frame.
    case truncated
    /// The other side closed the channel before it took all that was sent.
    case closed
    /// The system refused.
    case system(ProcessFailure)

    /// What happened.
    public var description: String {
      switch self {
      case .timeout: return "the other side did not answer in time"
      case .tooLong(let length, let limit):
        return "the other side announced a frame of \(length) bytes, above the limit of \(limit)"
      case .truncated: return "the channel ended within a frame"
      case .closed: return "the other side closed the channel"
      case .system(let failure): return failure.description
      }
    }
  }

  /// What was received.
  public struct Frame: Sendable {
    /// The bytes.
    public var bytes: [UInt8]
    /// A descriptor that came along.
    public var descriptor: Descriptor?
  }

  /// The socket.
  public let descriptor: Descriptor
  /// The longest frame that is taken.
  public let limit: Int
  private let sending = Mutex<Void>(())
  private let inbox = Inbox()

  /// Frames of 256 MiB are more than any batch of text has.
  public static let usualLimit = 256 << 20

  /// Takes over a connected stream socket.
  public init(_ descriptor: Descriptor, limit: Int = Channel.usualLimit) {
    self.descriptor = descriptor
    self.limit = limit
  }

  /// A channel and the descriptor of its other end, which a child is given. Both are close-on-exec.
  public static func pair(
    limit: Int = Channel.usualLimit
  ) throws(ProcessFailure) -> (channel: Channel, other: Descriptor) {
    var sockets: (Int32, Int32) = (-1, -1)
    let made = withUnsafeMutableBytes(of: &sockets) {
      platform_socket_pair($0.baseAddress!.assumingMemoryBound(to: Int32.self))
    }
    guard made == 0 else { throw ProcessFailure("make", "a channel") }
    return (
      Channel(Descriptor(owning: sockets.0), limit: limit), Descriptor(owning: sockets.1)
    )
  }

  // MARK: - Sending

  /// Sends one frame.
  ///
  /// - Parameters:
  ///   - bytes: at most 2^32 - 1.
  ///   - descriptor: goes along with the first byte.
  ///   - deadline: until when the other side must have taken it; `nil`: for ever.
  public func send(
    _ bytes: [UInt8],
    with descriptor: Descriptor? = nil,
    deadline: ContinuousClock.Instant? = nil
  ) throws(Problem) {
    let length = UInt32(bytes.count)
    let head = (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * UInt32($0))) }
    let result = sending.withLock { _ -> Result<Void, Problem> in
      do throws(Problem) {
        try sendAll(head + bytes, with: descriptor, deadline)
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  private func sendAll(
    _ bytes: [UInt8],
    with extra: Descriptor?,
    _ deadline: ContinuousClock.Instant?
  ) throws(Problem) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        platform_send(
          descriptor.number,
          $0.baseAddress! + sent,
          bytes.count - sent,
          sent == 0 ? extra?.number ?? -1 : -1
        )
      }
      if count >= 0 {
        sent += count
      } else if errno == EAGAIN {
        try wait(for: Int16(POLLOUT), deadline)
      } else if errno == EPIPE || errno == ECONNRESET {
        throw .closed
      } else if errno != EINTR {
        throw .system(ProcessFailure("write to", "a channel"))
      }
    }
  }

  /// Tells the other side that nothing more comes; it may still send.
  public func finish() { shutdown(descriptor.number, Int32(SHUT_WR)) }

  // MARK: - Receiving

  /// Receives one frame.
  ///
  /// - Parameters:
  ///   - deadline: until when it must be there whole; `nil`: for ever.
  ///   - spin: how long to look for it before this thread goes to sleep.
  ///   - watching: what else to look after while it sleeps.
  /// - Returns: the frame, or `nil` where the other side closed the channel.
  public func receive(
    deadline: ContinuousClock.Instant? = nil,
    spin: Duration = .zero,
    watching: [Watch] = []
  ) throws(Problem) -> Frame? {
    let spinEnd = spin > .zero ? ContinuousClock.now + spin : nil
    while true {
      if let frame = try inbox.takeFrame(limit: limit) { return frame }
      let count = receive(into: inbox)
      if count > 0 { continue }
      if count == 0 || errno == ECONNRESET {
        guard inbox.isEmpty else { throw .truncated }
        return nil
      }
      guard errno == EAGAIN else {
        if errno == EINTR { continue }
        throw .system(ProcessFailure("read from", "a channel"))
      }
      if let spinEnd, ContinuousClock.now < spinEnd {
        platform_relax()
      } else {
        try wait(for: Int16(POLLIN), deadline, watching)
      }
    }
  }

  /// Something else to look after while a frame is awaited.
  public struct Watch {
    /// What to do after the descriptor was looked after.
    public enum Verdict {
      /// Look on.
      case keep
      /// Do not look at it again.
      case drop
      /// The other side is gone: nothing comes but what is there already.
      case ended
    }

    /// A descriptor that becomes readable.
    public var descriptor: Int32
    /// Looks after it when it is.
    public var attend: () -> Verdict

    /// Creates one.
    public init(descriptor: Int32, attend: @escaping () -> Verdict) {
      self.descriptor = descriptor
      self.attend = attend
    }
  }

  private func receive(into inbox: Inbox) -> Int {
    inbox.fill { buffer in
      var extra: Int32 = -1
      let count = platform_receive(descriptor.number, buffer.baseAddress!, buffer.count, &extra)
      return (count, extra >= 0 ? Descriptor(owning: extra) : nil)
    }
  }

  /// Sleeps until the socket is ready.
  private func wait(
    for event: Int16,
    _ deadline: ContinuousClock.Instant?,
    _ watching: [Watch] = []
  ) throws(Problem) {
    var entries = [pollfd(fd: descriptor.number, events: event, revents: 0)]
    for watch in watching {
      entries.append(pollfd(fd: watch.descriptor, events: Int16(POLLIN), revents: 0))
    }
    var hasEnded = false
    while true {
      let milliseconds = hasEnded ? 0 : deadline.map { pollMilliseconds(until: $0) } ?? -1
      let ready = poll(&entries, UInt(entries.count), milliseconds)
      if ready < 0 && errno != EINTR { throw .system(ProcessFailure("wait for", "a channel")) }
      if ready > 0 && entries[0].revents != 0 { return }
      if hasEnded { throw .closed }
      if ready == 0 && milliseconds == 0 { throw .timeout }
      for index in entries.indices.dropFirst() where ready > 0 && entries[index].revents != 0 {
        switch watching[index - 1].attend() {
        case .keep: break
        case .drop: entries[index].fd = -1
        case .ended:
          hasEnded = true
          entries[index].fd = -1
        }
      }
    }
  }
}
