import CPlatform
import Components
import Glibc

/// What `stepwise-plugin-worker` does: it loads one component, serves the host that started it, and ends with it.
public enum PluginWorker {
  /// The status of a worker whose channel broke.
  static let lostHost: Int32 = 74

  /// Serves until the host closes the channel.
  public static func run() -> Never {
    guard fcntl(WorkerProcess.channelNumber, F_GETFD) >= 0 else {
      writeToStandardError(
        "stepwise-plugin-worker is started by stepwise; it is no command of its own\n"
      )
      exit(64)
    }
    guard platform_supervise() == 0 else {
      writeToStandardError(
        "stepwise-plugin-worker cannot make a process: out of memory or of processes\n"
      )
      exit(71)
    }
    platform_become_expendable()
    platform_write_lines()
    let link = WorkerLink(Channel(takeChannel()))
    var state = WorkerState()
    var status: Int32 = 0
    do {
      while let frame = try link.next() {
        try link.answer(state.handle(frame, link))
      }
    } catch {
      writeToStandardError("the host cannot be reached: \(error)\n")
      status = lostHost
    }
    // The component goes before the process does; what the library registered to run at exit does not run: it could hang.
    state = WorkerState()
    _exit(status)
  }

  /// The channel, out of reach of a plugin that closes the usual numbers.
  private static func takeChannel() -> Descriptor {
    let number = fcntl(WorkerProcess.channelNumber, F_DUPFD_CLOEXEC, 500)
    guard number >= 0 else {
      _ = fcntl(WorkerProcess.channelNumber, F_SETFD, FD_CLOEXEC)
      return Descriptor(owning: WorkerProcess.channelNumber)
    }
    close(WorkerProcess.channelNumber)
    return Descriptor(owning: number)
  }
}

/// What a worker holds from call to call.
private struct WorkerState {
  private var component: (any ServedComponent)?
  private var region: RegionView?
  /// The state that the host knows.
  private var knownState: [UInt8]?

  /// Carries a call out, and answers the frame that ends it.
  mutating func handle(_ frame: Channel.Frame, _ link: WorkerLink) -> [UInt8] {
    var reader = WireReader(frame.bytes)
    var answer = WireWriter()
    do {
      try perform(&reader, frame.descriptor, &answer, link)
      // A state that cannot be saved now is reported when it must be.
      let state = (try? component?.currentState()) ?? nil
      return message(.result, state: state, answer)
    } catch {
      answer = WireWriter()
      answer.value(pluginError(error))
      return message(.failure, state: nil, answer)
    }
  }

  private mutating func perform(
    _ reader: inout WireReader,
    _ descriptor: Descriptor?,
    _ answer: inout WireWriter,
    _ link: WorkerLink
  ) throws {
    let operation = try reader.value(WorkerOperation.self)
    switch operation {
    case .start:
      let start = try reader.value(WorkerStart.self)
      let component = try serve(start, link: link)
      if let state = start.state {
        try component.restore(state)
        knownState = state
      }
      component.describe(to: &answer)
      self.component = component
    case .map:
      guard let descriptor else { throw WireProblem(description: "no memory came along") }
      region = nil
      let view = try RegionView(descriptor)
      answer.number(UInt64(UInt(bitPattern: view.address)))
      region = view
    case .reconfigure: try component?.replaceParameters(try reader.value())
    default: try component?.perform(operation, &reader, &answer)
    }
  }

  private func pluginError(_ error: any Error) -> PluginError {
    error as? PluginError ?? PluginError(.isolation, plugin: "worker", String(describing: error))
  }

  private mutating func message(
    _ reply: WorkerReply,
    state: [UInt8]?,
    _ answer: WireWriter
  ) -> [UInt8] {
    var writer = WireWriter()
    writer.value(reply)
    writer.value(CallFooter(peakMemory: Self.peakMemory, state: state == knownState ? nil : state))
    if state != nil { knownState = state }
    writer.append(answer)
    return writer.bytes
  }

  private static var peakMemory: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss << 10
  }
}
