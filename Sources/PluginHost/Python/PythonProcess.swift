import Glibc

/// A running interpreter: requests in, answers out, one at a time.
final class PythonProcess {
  /// Why there was no answer.
  enum Failure: Error {
    /// The plugin or its answer is at fault; what the interpreter says of it.
    case reported(JSONTree)
    /// The process ended.
    case ended(ChildProcess.Exit, output: String)
    /// It did not answer in time, and was killed; what its threads were doing.
    case overdue(Duration, output: String)
    /// What came is no answer.
    case garbled(String)
  }

  /// Answers what a plugin asks during a call; throws what shall be said in place of an answer.
  typealias Services = (_ name: String, _ arguments: [JSONTree]) throws -> JSONWriter

  private let child: ChildProcess
  private let channel: Channel
  private let output: PythonOutput
  private let errors: PythonOutput
  private let services: HostServices
  private let label: String
  /// The descriptor of the channel in the child.
  private static let channelNumber: Int32 = 3
  /// That of the code; opening it by its name starts at its beginning each time.
  private static let imageNumber: Int32 = 4
  static let imageFile = "/proc/self/fd/\(imageNumber)"
  /// Ends in time: a process that is told to leave may run its exit handlers so long.
  private static let leaveTime = Duration.seconds(1)
  /// How long a process that is overdue may take to say what its threads are doing.
  private static let dumpTime = Duration.milliseconds(300)

  /// Starts the interpreter; it says hello before anything of the plugin is read.
  init(
    _ interpreter: PythonInterpreter,
    package: String,
    image: Descriptor,
    label: String,
    services: HostServices
  ) throws(ProcessFailure) {
    let log = { (level: HostServices.LogLevel, line: String) in services.log(level, label, line) }
    let (channel, other) = try Channel.pair()
    output = try PythonOutput(.info, log: log)
    errors = try PythonOutput(.warning, log: log)
    self.channel = channel
    self.services = services
    self.label = label
    child = try ChildProcess(
      ChildProcess.Launch(
        executable: interpreter.path,
        arguments: [
          "-X", "utf8", "\(package)/stepwise_plugin/_host.py", String(Self.channelNumber),
        ],
        descriptors: [
          1: output.writing!, 2: errors.writing!, Self.channelNumber: other,
          Self.imageNumber: image,
        ]
      )
    )
    output.handOver()
    errors.handOver()
  }

  /// What the interpreter says of itself.
  func hello(within time: Duration) throws(Failure) -> JSONTree {
    let message = try receive(ContinuousClock.now + time, time)
    guard let hello = message["hello"], hello["protocol"]?.int64 == 1 else {
      throw .garbled("it did not say hello; its Python side is of another version of Stepwise")
    }
    finishOutput()
    return hello
  }

  /// Sends a request and waits for its answer.
  func call(
    _ request: JSONWriter,
    within time: Duration,
    services ask: Services
  ) throws(Failure) -> JSONTree {
    output.beginCall()
    errors.beginCall()
    defer { finishOutput() }
    let deadline = ContinuousClock.now + time
    try send(request, deadline, time)
    while true {
      let message = try receive(deadline, time)
      if let result = message["result"] { return result }
      if let error = message["error"] { throw .reported(error) }
      if let name = message["ask"]?.string, case .array(let arguments)? = message["arguments"] {
        try send(Self.reply(name, arguments, ask), deadline, time)
      } else {
        try take(message)
      }
    }
  }

  private static func reply(_ name: String, _ arguments: [JSONTree], _ ask: Services) -> JSONWriter
  {
    var reply = JSONWriter()
    do {
      let answer = try ask(name, arguments)
      reply.object { writer in
        writer.key("answer")
        writer.append(answer)
      }
    } catch {
      reply = JSONWriter()
      reply.object { $0.field("refused", String(describing: error)) }
    }
    return reply
  }

  /// A line of the log or a metric.
  private func take(_ message: JSONTree) throws(Failure) {
    if case .array(let log)? = message["log"], log.count == 2, let text = log[1].string {
      let level = log[0].int64.flatMap { HostServices.LogLevel(rawValue: Int32(clamping: $0)) }
      services.log(level ?? .info, label, text)
    } else if case .array(let metric)? = message["metric"], metric.count == 2,
      let name = metric[0].string, let value = metric[1].double
    {
      services.metric(label, name, value)
    } else {
      throw .garbled("it sent what is no answer")
    }
  }

  // MARK: - Frames

  private func send(
    _ message: JSONWriter,
    _ deadline: ContinuousClock.Instant,
    _ time: Duration
  ) throws(Failure) {
    guard message.bytes.count <= channel.limit else {
      throw .garbled("the batch takes \(message.bytes.count) bytes, \(channel.limit) are the most")
    }
    do {
      try channel.send(message.bytes, deadline: deadline)
    } catch {
      throw failure(error, time)
    }
  }

  private func receive(
    _ deadline: ContinuousClock.Instant,
    _ time: Duration
  ) throws(Failure) -> JSONTree {
    let frame: Channel.Frame?
    do {
      frame = try channel.receive(deadline: deadline, watching: watches)
    } catch {
      throw failure(error, time)
    }
    guard let frame else { throw ended() }
    do {
      return try JSONTree(parsing: frame.bytes)
    } catch {
      throw .garbled("what it sent is \(error)")
    }
  }

  /// What is looked after while an answer is awaited: what it prints, so that it is never held up, and its end.
  private var watches: [Channel.Watch] {
    [
      Channel.Watch(descriptor: output.reading.number) { [output] in output.drain() },
      Channel.Watch(descriptor: errors.reading.number) { [errors] in errors.drain() },
      Channel.Watch(descriptor: child.pidfd.number) { .ended },
    ]
  }

  private func failure(_ problem: Channel.Problem, _ time: Duration) -> Failure {
    switch problem {
    case .timeout:
      // faulthandler writes what each thread is doing, also where a loop in C never gives Python its turn.
      child.signal(SIGUSR2)
      let end = ContinuousClock.now + Self.dumpTime
      while ContinuousClock.now < end, child.ended == nil {
        var entry = pollfd(fd: errors.reading.number, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, pollMilliseconds(until: end))
        if errors.drain() == .drop { break }
        if errors.text.hasSuffix(Self.dumpEnd) { break }
      }
      child.kill()
      return .overdue(time, output: errors.text)
    case .closed, .truncated: return ended()
    case .tooLong(let length, let limit):
      child.kill()
      return .garbled("its answer has \(length) bytes, \(limit) are the most")
    case .system(let failure):
      child.kill()
      return .garbled(failure.description)
    }
  }

  /// The frame that every dump of the main thread ends with.
  private static let dumpEnd = "in <module>"

  private func ended() -> Failure {
    // It may have closed the channel and live on; it is of no use then.
    let exit = child.wait(timeout: .seconds(1)) ?? child.kill()
    child.kill()
    finishOutput()
    return .ended(exit, output: errors.text)
  }

  private func finishOutput() {
    output.drain()
    errors.drain()
    output.endCall()
    errors.endCall()
  }

  /// Whether it can still be asked.
  var isRunning: Bool { child.ended == nil }

  /// Lets it leave: its exit handlers run, and what does not end by itself is killed.
  func leave() {
    shutdown(channel.descriptor.number, Int32(SHUT_RDWR))
    let end = ContinuousClock.now + Self.leaveTime
    while child.ended == nil, ContinuousClock.now < end {
      var entries = [output.reading, errors.reading, child.pidfd].map {
        pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0)
      }
      if output.drain() == .drop { entries[0].fd = -1 }
      if errors.drain() == .drop { entries[1].fd = -1 }
      poll(&entries, UInt(entries.count), pollMilliseconds(until: end))
    }
    child.kill()
    finishOutput()
  }
}

extension JSONTree {
  /// The text, or `nil`.
  var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }
}
