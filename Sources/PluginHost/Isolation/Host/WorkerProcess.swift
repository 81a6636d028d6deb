import CPlatform
import Components
import Glibc

/// One life of a worker: the process, the channel to it, and what it prints. One call at a time.
final class WorkerProcess {
  let child: ChildProcess
  private let channel: Channel
  private let output: OutputCapture
  private let request: ComponentRequest
  /// The memory that batches are written to, and where the worker sees it.
  private(set) var region: (memory: SharedRegion, readerAddress: UInt)?
  /// What the worker said of its memory at the end of the last call, bytes.
  private(set) var peakMemory = 0
  /// The state that came with the last call, when it was another one.
  private var newState: [UInt8]?
  /// The worker may be slow to die of a broken channel; then it is killed.
  private static let farewell = Duration.seconds(1)
  /// Most rewards answer sooner than a sleeping thread wakes up; longer would cost the worker its core.
  private static let spin = Duration.microseconds(20)

  /// Where the worker finds the channel.
  static let channelNumber: Int32 = 3

  init(_ request: ComponentRequest, executable: String) throws(PluginError) {
    self.request = request
    do throws(ProcessFailure) {
      let (channel, other) = try Channel.pair()
      let pipe = try Descriptor.pipe()
      self.channel = channel
      let (log, label) = (request.services.log, request.plugin.label)
      output = OutputCapture(pipe.read) { log(.info, label, $0) }
      child = try ChildProcess(
        ChildProcess.Launch(
          executable: executable,
          environment: Self.environment,
          descriptors: [1: pipe.write, 2: pipe.write, Self.channelNumber: other],
          isSupervised: true
        )
      )
    } catch {
      throw request.error(
        .isolation,
        "its process cannot be started: \(error)",
        cure: "install Stepwise whole, or set STEPWISE_PLUGIN_WORKER to stepwise-plugin-worker"
      )
    }
  }

  /// The host's, but that a crash is a crash at once: Swift's own report of one takes a program and half a second, and says nothing
  /// of a plugin's frames. Who wants it sets the variable.
  private static var environment: [String: String] {
    ChildProcess.hostEnvironment.merging(["SWIFT_BACKTRACE": "enable=no"]) { chosen, _ in chosen }
  }

  // MARK: - Calls

  /// What a call may take.
  struct Limit {
    /// What the plugin is told.
    var budget: Duration
    /// What it is given beyond that, to answer that it was too slow.
    var grace: Duration

    init(_ budget: Duration) {
      self.budget = budget
      grace = min(max(budget / 10, .milliseconds(50)), .seconds(2))
    }
  }

  /// Sends an operation and serves the plugin until it answers.
  ///
  /// - Parameters:
  ///   - draw: the uniform draws of the context at hand.
  /// - Returns: what the operation answers, to be read.
  /// - Throws: what the plugin answered, which leaves the worker alive; or `.crashed`, `.timeout` or `.isolation`, after which it is
  ///   dead.
  func call(
    _ operation: WorkerOperation,
    _ arguments: [UInt8] = [],
    with descriptor: Descriptor? = nil,
    limit: Limit,
    draw: ((UInt64) -> Double)? = nil
  ) throws(PluginError) -> WireReader {
    let deadline = ContinuousClock.now + limit.budget + limit.grace
    do {
      try channel.send([operation.rawValue] + arguments, with: descriptor, deadline: deadline)
      while true {
        guard
          let frame = try channel.receive(
            deadline: deadline,
            spin: Self.spin,
            watching: watches
          )
        else { throw Channel.Problem.closed }
        var reader = WireReader(frame.bytes)
        switch try reader.value(WorkerReply.self) {
        case .result:
          try takeFooter(&reader)
          _ = output.drain()
          return reader
        case .failure:
          try takeFooter(&reader)
          let error = try reader.value(PluginError.self)
          try reader.end()
          _ = output.drain()
          throw error
        case .service:
          try channel.send(try serve(&reader, draw: draw), deadline: deadline)
        case .log:
          let level = HostServices.LogLevel(rawValue: try reader.number()) ?? .info
          request.services.log(level, request.plugin.label, try reader.value())
        case .metric:
          let name = try reader.value(String.self)
          request.services.metric(request.plugin.label, name, try reader.value())
        }
      }
    } catch let error as PluginError {
      throw error
    } catch {
      throw failure(operation.hook, limit.budget, error)
    }
  }

  private func takeFooter(_ reader: inout WireReader) throws(WireProblem) {
    let footer = try reader.value(CallFooter.self)
    peakMemory = max(0, footer.peakMemory)
    if let state = footer.state { newState = state }
  }

  /// The component's state after the last call, when it was another than before.
  func takeState() -> [UInt8]? {
    defer { newState = nil }
    return newState
  }

  private var watches: [Channel.Watch] {
    [
      Channel.Watch(descriptor: output.read.number) { [output] in output.drain() ? .keep : .drop },
      Channel.Watch(descriptor: child.pidfd.number) { .ended },
    ]
  }

  private func serve(
    _ reader: inout WireReader,
    draw: ((UInt64) -> Double)?
  ) throws(WireProblem) -> [UInt8] {
    var answer = WireWriter()
    let services = request.services
    switch try reader.value(WorkerService.self) {
    case .isCancelled: answer.value(services.isCancelled())
    case .draw:
      let item = try reader.number(UInt64.self)
      answer.value(draw?(item) ?? 0)
    case .encode:
      let text = try reader.value(String.self)
      answer.outcome { try services.encode?(text) ?? [] }
    case .decode:
      let ids = try reader.value([Int32].self)
      let keep = try reader.value(Bool.self)
      answer.outcome { try services.decode?(ids, keep) ?? "" }
    case .logProbabilities:
      let model = HostServices.Model(rawValue: try reader.number()) ?? .policy
      let context = try reader.value([Int32].self)
      let ids = try reader.value([Int32].self)
      answer.outcome { try services.logProbabilities?(model, context, ids) ?? [] }
    }
    return answer.bytes
  }

  // MARK: - Memory

  /// Gives the worker memory of at least `size` bytes to read from, in place of what it had.
  func growRegion(to size: Int, limit: Limit) throws(PluginError) {
    // Twice as much each time, so that growing batches do not map anew each time.
    var bytes = 1 << 20
    while bytes < size { bytes *= 2 }
    let memory: SharedRegion
    do throws(ProcessFailure) {
      memory = try SharedRegion(size: bytes)
    } catch {
      throw request.error(.isolation, hook: "score", error.description)
    }
    var reader = try call(.map, with: memory.file, limit: limit)
    do throws(WireProblem) {
      region = (memory, UInt(try reader.number(UInt64.self)))
      try reader.end()
    } catch {
      throw failure("score", limit.budget, error)
    }
  }

  // MARK: - The end

  /// Kills the process and says why.
  func failure(_ hook: String, _ budget: Duration, _ problem: any Error) -> PluginError {
    var error: PluginError
    switch problem {
    case Channel.Problem.timeout:
      child.kill()
      let seconds =
        Double(budget.components.seconds) + Double(budget.components.attoseconds) * 1e-18
      error = request.error(
        .timeout(seconds: seconds),
        hook: hook,
        "it did not answer within \(seconds) s and was killed",
        cure: "make it faster, or allow a call more time"
      )
    case Channel.Problem.closed, Channel.Problem.truncated:
      // The channel breaks a moment before the process has ended.
      let exit = child.wait(timeout: Self.farewell)
      child.kill()
      if let exit, exit != .exited(PluginWorker.lostHost) {
        error = request.error(
          .crashed(exit),
          hook: hook,
          "its process ended in the middle of the call: \(exit)",
          cure: "the plugin has a fault; look at what it printed, or run it under a debugger"
        )
      } else {
        error = request.error(
          .isolation,
          hook: hook,
          "it closed the channel to the host and was killed",
          cure: "a plugin must not close descriptors that it did not open"
        )
      }
    default:
      child.kill()
      error = request.error(
        .isolation,
        hook: hook,
        "its process did not keep to the protocol and was killed: \(problem)",
        cure: "the plugin wrote over memory or to a descriptor that is not its own"
      )
    }
    _ = output.drain()
    if let line = output.lastLine { error.message += "; the last that it printed was: \(line)" }
    return error
  }

  /// How it ended, where it has.
  var exit: ChildProcess.Exit? { child.ended }

  /// All that it printed last.
  var printed: [UInt8] { output.tail }

  /// Lets the component be destroyed and the process end; kills what is left of it.
  func shutDown() {
    channel.finish()
    let deadline = ContinuousClock.now + Self.farewell
    // What it logs while it is destroyed comes before the channel's end.
    while let frame = try? channel.receive(deadline: deadline, watching: watches) {
      var reader = WireReader(frame.bytes)
      guard let reply = try? reader.value(WorkerReply.self), reply == .log,
        let level = try? reader.number(Int32.self), let text = try? reader.value(String.self)
      else { continue }
      request.services.log(
        HostServices.LogLevel(rawValue: level) ?? .info,
        request.plugin.label,
        text
      )
    }
    _ = child.wait(timeout: Self.farewell)
    child.kill()
    _ = output.drain()
  }
}

extension WireWriter {
  /// What a service answers, or why it does not.
  fileprivate mutating func outcome(_ body: () throws -> some WireValue) {
    do {
      let result = try body()
      value(true)
      value(result)
    } catch {
      value(false)
      value(String(describing: error))
    }
  }
}
