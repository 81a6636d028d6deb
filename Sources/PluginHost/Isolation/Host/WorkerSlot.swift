import Components
import Glibc
import Synchronization

/// A place for a worker of one component: it holds one life after the other, each with the parameters and the state of the last.
///
/// After each call that succeeds the worker sends the component's state along when it has changed, so that a component that dies
/// goes on from its last success, whichever hook that was. What it costs is the component's `save` and, for a state that changes,
/// its size in bytes through a socket; strategies remember numbers.
///
/// Unchecked because all that changes is behind the lock.
final class WorkerSlot: @unchecked Sendable {
  let request: ComponentRequest
  private let policy: IsolationPolicy
  private let lock = Mutex<Void>(())
  private var worker: WorkerProcess?
  private(set) var parameters: ParameterValue
  private var state: [UInt8]?
  /// How often in a row a life has ended in failure, and when the next may begin.
  private var failures = 0
  private var notBefore = ContinuousClock.now
  /// The first peak of this life, from which growth is counted.
  private var firstPeak: Int?

  /// What a call gets where the services name no budget.
  static let usualBudget = Duration.seconds(60)
  /// The first pause before a new life, doubled each time up to the longest.
  private static let firstPause = Duration.milliseconds(50)
  private static let longestPause = Duration.seconds(5)

  init(_ request: ComponentRequest, policy: IsolationPolicy) {
    self.request = request
    self.policy = policy
    parameters = request.plugin.parameters
  }

  deinit { worker?.shutDown() }

  /// What a call may take.
  var limit: WorkerProcess.Limit {
    WorkerProcess.Limit(request.services.callBudget ?? Self.usualBudget)
  }

  // MARK: - Calls

  /// Calls an operation in the worker, which is started when there is none.
  ///
  /// - Parameter read: reads the answer, and checks it: what it throws of its own is the plugin's fault, a WireProblem is the
  ///   worker's.
  func call<R>(
    _ operation: WorkerOperation,
    _ arguments: [any WireValue] = [],
    draw: ((UInt64) -> Double)? = nil,
    read: (inout WireReader) throws -> R
  ) throws(PluginError) -> R {
    let exchange = { (worker: WorkerProcess) throws(PluginError) -> WireReader in
      var writer = WireWriter()
      for argument in arguments { writer.value(argument) }
      return try worker.call(operation, writer.bytes, limit: self.limit, draw: draw)
    }
    return try withWorker(hook: operation.hook, exchange, read: read)
  }

  /// Starts the worker, and reads what the component says of itself.
  func start<R>(_ read: (inout WireReader) throws -> R) throws(PluginError) -> R {
    try locked { () throws(PluginError) in
      var reader = try begin()
      return try finish(hook: "init") {
        let value = try read(&reader)
        try reader.end()
        return value
      }
    }
  }

  /// Runs one exchange with a living worker, and keeps the books.
  func withWorker<R>(
    hook: String = "score",
    _ exchange: (WorkerProcess) throws(PluginError) -> WireReader,
    read: (inout WireReader) throws -> R
  ) throws(PluginError) -> R {
    try locked { () throws(PluginError) in
      let worker = try living()
      var reader: WireReader
      do throws(PluginError) {
        reader = try exchange(worker)
      } catch {
        note(error)
        throw error
      }
      return try finish(hook: hook) {
        let value = try read(&reader)
        try reader.end()
        return value
      }
    }
  }

  private func locked<R>(_ body: () throws(PluginError) -> R) throws(PluginError) -> R {
    let result = lock.withLock { _ -> Result<R, PluginError> in
      do throws(PluginError) { return .success(try body()) } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// Reads an answer; one that is no message ends the worker's life.
  private func finish<R>(hook: String, _ read: () throws -> R) throws(PluginError) -> R {
    do {
      let value = try read()
      if let state = worker?.takeState() { self.state = state }
      failures = 0
      recycleWhenGrown()
      return value
    } catch let error as PluginError {
      throw error
    } catch {
      let budget = limit.budget
      let failure =
        worker?.failure(hook, budget, error)
        ?? request.error(.isolation, hook: hook, String(describing: error))
      note(failure)
      throw failure
    }
  }

  // MARK: - Lives

  /// The worker, started anew where there is none.
  private func living() throws(PluginError) -> WorkerProcess {
    if let worker {
      guard let exit = worker.exit else { return worker }
      // It owed nothing, so that nothing is lost; but somebody should know.
      request.services.log(
        .warning,
        request.plugin.label,
        "its process ended between two calls (\(exit)) and is replaced by a new one"
      )
      note(request.error(.crashed(exit), "between two calls"))
    }
    var reader = try begin()
    // What it says of itself was said before.
    _ = reader.takeAll()
    return worker!
  }

  private func begin() throws(PluginError) -> WireReader {
    worker?.shutDown()
    worker = nil
    firstPeak = nil
    pause()
    let budget = max(policy.startBudget, limit.budget)
    do throws(PluginError) {
      let worker = try WorkerProcess(request, executable: try policy.worker(for: request))
      self.worker = worker
      var writer = WireWriter()
      writer.value(
        WorkerStart(request, parameters: parameters, callBudget: limit.budget, state: state)
      )
      let reader = try worker.call(.start, writer.bytes, limit: WorkerProcess.Limit(budget))
      if let state = worker.takeState() { self.state = state }
      return reader
    } catch {
      note(error)
      // A component that could not be made is no component: the process is of no use.
      worker?.shutDown()
      worker = nil
      throw error
    }
  }

  private func pause() {
    let left = ContinuousClock.now.duration(to: notBefore)
    guard left > .zero else { return }
    let (seconds, attoseconds) = left.components
    usleep(UInt32(seconds * 1_000_000 + attoseconds / 1_000_000_000_000))
  }

  /// After an error: whether the worker survived it.
  private func note(_ error: PluginError) {
    switch error.problem {
    case .crashed, .timeout, .isolation:
      worker = nil
      failures += 1
      let pause = Self.firstPause * (1 << min(failures - 1, 10))
      notBefore = .now + min(pause, Self.longestPause)
    default: break
    }
  }

  /// Gives a worker that leaks a successor before it takes the machine's memory.
  private func recycleWhenGrown() {
    guard let worker, worker.peakMemory > 0 else { return }
    guard let firstPeak else {
      firstPeak = worker.peakMemory
      return
    }
    let growth = worker.peakMemory - firstPeak
    guard growth > policy.growthLimit else { return }
    request.services.log(
      .warning,
      request.plugin.label,
      "its process grew by \(growth >> 20) MiB and is replaced by a new one"
    )
    worker.shutDown()
    self.worker = nil
  }

  /// The process that serves the component, where there is one.
  var process: ChildProcess? { lock.withLock { _ in worker?.child } }

  // MARK: - Parameters

  /// Gives the running component other parameters, which its successors get too.
  func reconfigure(_ changes: ParameterValue) throws(PluginError) {
    let complete = try request.changing(parameters, by: changes)
    if complete == parameters { return }
    try call(.reconfigure, [complete]) { _ in }
    parameters = complete
  }
}

extension WireReader {
  /// Drops what is left.
  fileprivate mutating func takeAll() -> Int {
    defer { self = WireReader([]) }
    return left
  }
}
