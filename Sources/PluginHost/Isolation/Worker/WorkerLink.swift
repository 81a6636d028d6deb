import Components
import Glibc
import Synchronization

/// The worker's end of the channel: the calls that come, and what the plugin needs of the host while it is in one.
final class WorkerLink: Sendable {
  private let channel: Channel
  /// Whether the host waits for the end of a call: only then does it answer. Held by whoever talks, so that a thread of the plugin
  /// and the end of the call take turns.
  private let isInCall = Mutex(false)
  private let cancellation = Mutex<(asked: ContinuousClock.Instant?, answer: Bool)>((nil, false))
  /// A plugin may ask at each item whether it shall stop; the host is asked this often.
  private static let cancellationAge = Duration.milliseconds(20)
  init(_ channel: Channel) { self.channel = channel }

  /// Why a service has no answer.
  struct Refusal: Error, CustomStringConvertible {
    var description: String
  }

  // MARK: - Calls

  /// The next call; `nil` when the host is gone.
  func next() throws(Channel.Problem) -> Channel.Frame? {
    guard let frame = try channel.receive() else { return nil }
    isInCall.withLock { $0 = true }
    return frame
  }

  /// Ends the call.
  func answer(_ bytes: [UInt8]) throws {
    try isInCall.withLock { isInCall in
      isInCall = false
      try channel.send(bytes)
    }
  }

  // MARK: - Services

  /// Asks the host and waits for its answer.
  private func ask<R>(
    _ service: WorkerService,
    _ write: (inout WireWriter) -> Void,
    _ read: (inout WireReader) throws -> R
  ) throws -> R {
    var writer = WireWriter()
    writer.value(WorkerReply.service)
    writer.value(service)
    write(&writer)
    return try isInCall.withLock { isInCall in
      guard isInCall else { throw Refusal(description: "no call is running") }
      try channel.send(writer.bytes)
      guard let frame = try channel.receive() else {
        throw Refusal(description: "the host is gone")
      }
      var reader = WireReader(frame.bytes)
      return try read(&reader)
    }
  }

  /// Asks for what may fail.
  private func attempt<R: WireValue>(
    _ service: WorkerService,
    _ write: (inout WireWriter) -> Void
  ) throws -> R {
    try ask(service, write) { reader in
      guard try reader.value(Bool.self) else { throw Refusal(description: try reader.value()) }
      return try reader.value()
    }
  }

  /// Sends what needs no answer; what cannot be sent is lost, as the host is.
  private func tell(_ reply: WorkerReply, _ write: (inout WireWriter) -> Void) {
    var writer = WireWriter()
    writer.value(reply)
    write(&writer)
    try? channel.send(writer.bytes)
  }

  /// A uniform draw of the context that the running call was given.
  func draw(_ item: UInt64) -> Double {
    let answer = try? ask(.draw) {
      $0.number(item)
    } _: {
      try $0.value(Double.self)
    }
    return answer ?? 0
  }

  private func isCancelled() -> Bool {
    cancellation.withLock { known in
      let now = ContinuousClock.now
      if let asked = known.asked, asked.duration(to: now) < Self.cancellationAge {
        return known.answer
      }
      let answer = try? ask(.isCancelled) { _ in
      } _: {
        try $0.value(Bool.self)
      }
      known = (now, answer ?? known.answer)
      return known.answer
    }
  }

  /// The services of a component in this process: those that need the run go to the host, the rest is done here.
  func services(for start: WorkerStart) -> HostServices {
    var services = HostServices()
    services.callBudget = .nanoseconds(Int64(clamping: start.callBudget))
    services.log = { level, _, message in
      self.tell(.log) {
        $0.number(level.rawValue)
        $0.value(message)
      }
    }
    services.metric = { _, name, value in
      self.tell(.metric) {
        $0.value(name)
        $0.value(value)
      }
    }
    services.isCancelled = { self.isCancelled() }
    if start.hasEncode {
      services.encode = { text in try self.attempt(.encode) { $0.value(text) } }
    }
    if start.hasDecode {
      services.decode = { ids, keepSpecialTokens in
        try self.attempt(.decode) {
          $0.value(ids)
          $0.value(keepSpecialTokens)
        }
      }
    }
    if start.hasLogProbabilities {
      services.logProbabilities = { model, context, ids in
        try self.attempt(.logProbabilities) {
          $0.number(model.rawValue)
          $0.value(context)
          $0.value(ids)
        }
      }
    }
    return services
  }
}
