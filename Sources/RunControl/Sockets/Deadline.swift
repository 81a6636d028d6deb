import Glibc

/// A moment after which waiting is over; `nil` is never.
struct Deadline {
  private let end: ContinuousClock.Instant?

  init(after duration: Duration?) { end = duration.map { ContinuousClock.now + $0 } }

  var hasPassed: Bool { end.map { $0 <= .now } ?? false }

  /// Waits until a descriptor is ready or the time is over; interruptions by signals do not count.
  ///
  /// - Returns: whether it is ready, which a descriptor with an error or a hang-up is, too.
  func waits(for events: Int32, on descriptor: Int32) -> Bool {
    while true {
      var entry = pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0)
      let count = poll(&entry, 1, milliseconds)
      if count > 0 { return true }
      if count == 0, hasPassed { return false }
      // poll itself fails only for lack of memory: the caller's next call tells.
      if count < 0, errno != EINTR { return true }
    }
  }

  /// What is left, for poll: rounded up, so that it does not spin at the end, and cut where it would not fit.
  private var milliseconds: Int32 {
    guard let end else { return -1 }
    let left = (end - .now).seconds * 1000
    return Int32(min(max(0, left.rounded(.up)), 3_600_000))
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
