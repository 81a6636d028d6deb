import CPlatform
import Glibc
import RunStore

/// Asks something of a run that is going. A client belongs to one thread; several requests may follow each other on it.
public final class ControlClient {
  /// An answer holds a whole history, a request never does.
  private static let answerLimit = 1 << 24

  private let run: String
  private let descriptor: Int32
  private var reader: LineReader
  private var writer: LineWriter

  /// Connects.
  ///
  /// - Parameters:
  ///   - run: the run's directory; its path may have any length.
  ///   - timeout: how long connecting may take; `nil` for any time. A run that is going accepts at once.
  /// - Throws: `ControlError` of kind `noDirectory`, `notARun`, `notGoing`, `notYours`, `timedOut` or `system`.
  public init(run: String, timeout: Duration? = nil) throws(ControlError) {
    self.run = run
    let directory: SocketDirectory
    do throws(SocketDirectory.OpenError) {
      directory = try SocketDirectory(run)
    } catch {
      switch error.code {
      case ENOENT: throw .noDirectory(run)
      case ENOTDIR: throw .notARun(run)
      case EACCES, EPERM: throw .notYours(run)
      default: throw .system(run, "open the directory", error.code)
      }
    }
    let descriptor = platform_unix_socket()
    guard descriptor >= 0 else { throw .system(run, "make a socket", errno) }
    do throws(ControlError) {
      try Self.connect(descriptor, directory, timeout)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    reader = LineReader(descriptor, limit: Self.answerLimit)
    writer = LineWriter(descriptor)
  }

  deinit { close(descriptor) }

  /// Sends a request and waits for its answer, done or refused.
  ///
  /// - Parameters:
  ///   - request: what is asked.
  ///   - timeout: how long the answer may take; `nil` for any time: a swap waits for a step boundary. The run carries the request
  ///     out also when its answer is no longer waited for. After a time-out the client is of no more use.
  ///   - progress: called with each line that comes before the answer.
  /// - Throws: `ControlError` of kind `busy`, `ended`, `timedOut` or `garbled`.
  public func send(
    _ request: ControlRequest,
    timeout: Duration? = nil,
    progress: (String) -> Void = { _ in }
  ) throws(ControlError) -> ControlAnswer {
    let deadline = Deadline(after: timeout)
    // A request that does not get through may have an answer all the same: "busy" is said without reading.
    let hasAsked = writer.send(request.record.json, within: deadline)
    while true {
      let event = reader.next(within: deadline)
      guard case .line(let bytes) = event else {
        switch event {
        case .ended: throw .ended(run, hasAsked: hasAsked)
        case .tooLong: throw .garbled(run, "a line of more than \(Self.answerLimit) bytes")
        default: throw .timedOut(run, timeout ?? .zero, hasAsked: hasAsked)
        }
      }
      let record: Record
      do throws(RecordSyntaxError) {
        record = try Record(json: bytes)
      } catch {
        throw .garbled(run, error.description)
      }
      if record["ok"]?.bool != nil {
        let answer = ControlAnswer(record)
        if answer["busy"] == .bool(true) { throw .busy(run, answer) }
        return answer
      }
      guard let line = record["progress"]?.text else {
        throw .garbled(run, "neither \"ok\" nor \"progress\" is in it")
      }
      progress(line)
    }
  }

  private static func connect(
    _ descriptor: Int32,
    _ directory: SocketDirectory,
    _ timeout: Duration?
  ) throws(ControlError) {
    let run = directory.path
    let name = ControlSocket.fileName
    let address = directory.address(of: name)
    let deadline = Deadline(after: timeout)
    while platform_unix_connect(descriptor, address) != 0 {
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // The queue of a run that does not accept is full; there is nothing to poll for.
        if deadline.hasPassed { throw .timedOut(run, timeout ?? .zero, hasAsked: false) }
        usleep(20_000)
      case ENOENT, ENOTDIR:
        throw isRun(directory) ? .notGoing(run, wasKilled: false) : .notARun(run)
      case ECONNREFUSED:
        throw directory.isSocket(name) ? .notGoing(run, wasKilled: true) : .inTheWay(run)
      case EACCES, EPERM: throw .notYours(run)
      default: throw .system("\(run)/\(name)", "connect", errno)
      }
    }
  }

  private static func isRun(_ directory: SocketDirectory) -> Bool {
    directory.status(of: "config.yaml") != nil
  }
}
