import Glibc

/// What a plugin writes to standard output or standard error: each line goes to the log, and the end of it is kept for the error that
/// may follow.
final class PythonOutput {
  /// Ours to read from.
  let reading: Descriptor
  /// The child's to write to; closed here once the child has it.
  private(set) var writing: Descriptor?
  private let level: HostServices.LogLevel
  private let log: (HostServices.LogLevel, String) -> Void
  private var line: [UInt8] = []
  private var isEnded = false
  /// How many bytes may still be logged in this call.
  private var allowance = PythonOutput.callLimit
  private var dropped = 0
  private var recent: [UInt8] = []

  /// A line of more bytes is logged in pieces.
  private static let lineLimit = 1 << 14
  /// A plugin that prints more in one call is flooding.
  private static let callLimit = 1 << 20
  /// A traceback of all threads fits many times.
  private static let recentLimit = 1 << 16

  init(
    _ level: HostServices.LogLevel,
    log: @escaping (HostServices.LogLevel, String) -> Void
  ) throws(ProcessFailure) {
    let pipe = try Descriptor.pipe()
    reading = pipe.read
    writing = pipe.write
    self.level = level
    self.log = log
  }

  /// Lets go of the child's end, so that the pipe ends with the child.
  func handOver() { writing = nil }

  /// What was written since the call began, its end at least, without white space around it.
  var text: String {
    var bytes = recent[...]
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || 0x09...0x0D ~= $0 }
    while let last = bytes.last, isSpace(last) { bytes.removeLast() }
    return String(decoding: bytes.drop(while: { $0 == 0x0A || $0 == 0x0D }), as: UTF8.self)
  }

  func beginCall() {
    allowance = Self.callLimit
    dropped = 0
    recent = []
  }

  /// Reads what is there.
  @discardableResult
  func drain() -> Channel.Watch.Verdict {
    if isEnded { return .drop }
    return withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { chunk in
      // A flood must not keep the host here: the next round reads on.
      for _ in 0..<16 {
        let count = read(reading.number, chunk.baseAddress, chunk.count)
        if count > 0 {
          take(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(chunk)[..<count]))
        } else if count < 0 && errno == EINTR {
          continue
        } else if count < 0 && errno == EAGAIN {
          return .keep
        } else {
          isEnded = true
          return .drop
        }
      }
      return .keep
    }
  }

  private func take(_ bytes: UnsafeRawBufferPointer) {
    recent += bytes
    if recent.count > 2 * Self.recentLimit { recent.removeFirst(recent.count - Self.recentLimit) }
    guard allowance > 0 else {
      dropped += bytes.count
      return
    }
    allowance -= bytes.count
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      line += rest[..<end]
      rest = rest[(end + 1)...]
      flush()
    }
    line += rest
    while line.count > Self.lineLimit {
      log(level, String(decoding: line[..<Self.lineLimit], as: UTF8.self))
      line.removeFirst(Self.lineLimit)
    }
  }

  private func flush() {
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    if !line.isEmpty { log(level, String(decoding: line, as: UTF8.self)) }
    line = []
  }

  /// Logs an unfinished line, and says how much was dropped.
  func endCall() {
    flush()
    if dropped > 0 { log(.warning, "\(dropped) more bytes of output were left out") }
    dropped = 0
  }
}
