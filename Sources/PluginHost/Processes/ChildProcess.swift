import CPlatform
import Glibc
import Synchronization

/// A process that dies with this one. It runs in a process group of its own, is signalled through a pidfd and never through a
/// number, and is killed and reaped with all its descendants when nobody holds it.
///
/// It also dies when this process is killed: it gets SIGKILL when the thread that made it ends, and that thread never does.
public final class ChildProcess: Sendable {
  /// What to run.
  public struct Launch: Sendable {
    /// The program's file, absolute or relative to the caller's working directory.
    public var executable: String
    /// The arguments, without the program's name.
    public var arguments: [String]
    /// The whole environment; `nil`: this process's.
    public var environment: [String: String]?
    /// Where it starts; `nil`: where this process stands.
    public var workingDirectory: String?
    /// Descriptors of this process by the number that each shall have in the child, below 256. Of 0, 1 and 2 those that are not
    /// named lead to /dev/null; all others are closed.
    public var descriptors: [Int32: Descriptor]
    /// Whether the program calls `platform_supervise` first, so that it takes its whole family along when it gets SIGTERM.
    public var isSupervised: Bool

    /// Creates a launch.
    public init(
      executable: String,
      arguments: [String] = [],
      environment: [String: String]? = nil,
      workingDirectory: String? = nil,
      descriptors: [Int32: Descriptor] = [:],
      isSupervised: Bool = false
    ) {
      self.executable = executable
      self.arguments = arguments
      self.environment = environment
      self.workingDirectory = workingDirectory
      self.descriptors = descriptors
      self.isSupervised = isSupervised
    }
  }

  /// How a process ended.
  public enum Exit: Sendable, Equatable, CustomStringConvertible {
    /// It ended by itself with this status.
    case exited(Int32)
    /// A signal ended it.
    case signalled(Int32)

    /// `exit status 3`, `SIGSEGV (segmentation fault)`.
    public var description: String {
      switch self {
      case .exited(let status): return "exit status \(status)"
      case .signalled(let signal): return SignalName.description(of: signal)
      }
    }
  }

  /// The variable that marks a child and all its descendants, so that those that left its process group are found.
  static let markVariable = "STEPWISE_PROCESS"

  /// The process's id: for messages, never to be signalled.
  public let processID: Int32
  /// Becomes readable when the process has ended.
  public let pidfd: Descriptor
  private let mark: String
  private let isSupervised: Bool
  private let state = Mutex(State())
  private static let counter = Atomic<Int>(0)

  /// Starts the process.
  ///
  /// - Throws: `ProcessFailure` that names the program or the folder.
  public init(_ launch: Launch) throws(ProcessFailure) {
    // Whoever leaves the process group and loses its parent comes to this process, where `kill` finds it.
    platform_become_subreaper()
    let number = Self.counter.add(1, ordering: .relaxed).newValue
    mark = "\(getpid())-\(number)-\(UInt64.random(in: 0 ... .max))"
    isSupervised = launch.isSupervised
    let null = try Descriptor.null()
    let count = max(3, (launch.descriptors.keys.max() ?? 0) + 1)
    precondition(count <= PLATFORM_DESCRIPTOR_LIMIT, "a child's descriptors are below 256")
    let descriptors = (0..<count).map { number in
      launch.descriptors[number]?.number ?? (number < 3 ? null.number : -1)
    }
    var environment = launch.environment ?? Self.hostEnvironment
    environment[Self.markVariable] = mark
    let variables = environment.map { "\($0.key)=\($0.value)" }
    var file: Int32 = -1
    var step: Int32 = 0
    let process = withCStrings([launch.executable] + launch.arguments) { arguments in
      withCStrings(variables) { environment in
        withOptionalCString(launch.workingDirectory) { directory in
          var request = platform_launch()
          request.path = UnsafePointer(arguments[0])
          request.arguments = arguments
          request.environment = environment
          request.directory = directory
          request.descriptor_count = Int32(count)
          request.death_signal = SIGKILL
          return descriptors.withUnsafeBufferPointer {
            request.descriptors = $0.baseAddress
            return platform_spawn(&request, &file, &step)
          }
        }
      }
    }
    guard process > 0 else { throw Self.failure(launch, step: step, code: errno) }
    withExtendedLifetime((launch, null)) {}
    processID = process
    pidfd = Descriptor(owning: file)
  }

  private static func failure(_ launch: Launch, step: Int32, code: Int32) -> ProcessFailure {
    switch step {
    case Int32(PLATFORM_SPAWN_DIRECTORY.rawValue):
      return ProcessFailure("enter", launch.workingDirectory ?? "", code: code)
    case Int32(PLATFORM_SPAWN_DESCRIPTORS.rawValue):
      return ProcessFailure("hand descriptors to", launch.executable, code: code)
    default: return ProcessFailure("run", launch.executable, code: code)
    }
  }

  /// This process's environment.
  public static var hostEnvironment: [String: String] {
    var variables: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      next += 1
      guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
      variables[String(text[..<equals])] = String(text[text.utf8.index(after: equals)...])
    }
    return variables
  }

  deinit { kill() }

  // MARK: - The end

  /// What is known of the process. It stays a zombie until `kill`, so that its number is nobody else's.
  private struct State {
    var exit: Exit?
    var isReaped = false
  }

  /// How it ended, or `nil` while it runs.
  public var ended: Exit? { state.withLock { look(&$0) } }

  private func look(_ state: inout State) -> Exit? {
    if let exit = state.exit { return exit }
    var status: Int32 = 0
    var signal: Int32 = 0
    switch platform_ended(pidfd.number, &status, &signal) {
    case 0: return nil
    case 1: state.exit = signal == 0 ? .exited(status) : .signalled(signal)
    // Somebody else took its end, which nobody should: it is gone all the same.
    default: state.exit = .signalled(SIGKILL)
    }
    return state.exit
  }

  /// Waits for the end.
  ///
  /// - Parameter timeout: how long at most; `nil`: for ever.
  /// - Returns: how it ended, or `nil` when the time is over.
  public func wait(timeout: Duration? = nil) -> Exit? {
    let deadline = timeout.map { ContinuousClock.now + $0 }
    while true {
      if let ended { return ended }
      let wait = deadline.map { pollMilliseconds(until: $0) } ?? -1
      if wait == 0 { return ended }
      var entry = pollfd(fd: pidfd.number, events: Int16(POLLIN), revents: 0)
      poll(&entry, 1, wait)
    }
  }

  /// Sends a signal to the process alone; whether it was there to get it.
  @discardableResult
  public func signal(_ signal: Int32) -> Bool {
    platform_pidfd_signal(pidfd.number, signal) == 0
  }

  /// Kills the process and every descendant, also those that left its group or its session, and waits until they are gone.
  ///
  /// - Returns: how the process itself ended, which may have been before.
  @discardableResult
  public func kill() -> Exit {
    state.withLock { state in
      if !state.isReaped {
        // How it ended by itself, if it did, before it is killed.
        if look(&state) == nil, isSupervised { askToEnd() }
        _ = look(&state)
        ProcessTree(root: processID, pidfd: pidfd.number, mark: mark).kill()
        _ = look(&state)
        platform_reap(pidfd.number)
        state.isReaped = true
      }
      return state.exit ?? .signalled(SIGKILL)
    }
  }

  /// Lets the supervisor end its family, which it does within milliseconds.
  private func askToEnd() {
    signal(SIGTERM)
    var entry = pollfd(fd: pidfd.number, events: Int16(POLLIN), revents: 0)
    poll(&entry, 1, 1000)
  }
}

/// Milliseconds for `poll`, rounded up, 0 when the time is over.
func pollMilliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
  let left = ContinuousClock.now.duration(to: deadline)
  if left <= .zero { return 0 }
  let (seconds, attoseconds) = left.components
  return Int32(
    clamping: min(seconds, 1_000_000) * 1000 + (attoseconds + 999_999_999_999_999)
      / 1_000_000_000_000_000
  )
}

/// Calls `body` with a NULL-terminated array of C strings.
private func withCStrings<R>(
  _ strings: [String],
  _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
  var pointers = strings.map { strdup($0) } + [nil]
  defer { for pointer in pointers { free(pointer) } }
  return body(&pointers)
}

private func withOptionalCString<R>(_ string: String?, _ body: (UnsafePointer<CChar>?) -> R) -> R {
  guard let string else { return body(nil) }
  return string.withCString(body)
}
