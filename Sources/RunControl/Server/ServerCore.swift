import CPlatform
import Dispatch
import Glibc
import RunStore
import Synchronization

/// What the server's threads share. They keep it alive; the server that the run holds ends them.
final class ServerCore: Sendable {
  private struct State {
    var isClosing = false
    /// Descriptors of the connections, and whether a request is under way on each.
    var connections: [Int32: Bool] = [:]
    /// Writing into it wakes the listening thread; -1 when that is gone.
    var wakeEnd: Int32 = -1
  }

  private let socket: ControlSocket
  private let limits: ControlLimits
  private let mayConnect: @Sendable (ControlPeer) -> Bool
  private let handler: ControlServer.Handler
  private let state = Mutex(State())
  /// Entered once for each thread.
  private let threads = DispatchGroup()

  init(
    run: String,
    limits: ControlLimits,
    mayConnect: @escaping @Sendable (ControlPeer) -> Bool,
    handler: @escaping ControlServer.Handler
  ) throws(ControlError) {
    self.limits = limits
    self.mayConnect = mayConnect
    self.handler = handler
    socket = try ControlSocket(run: run)
  }

  /// The user who runs the run, and the one whom nothing can be kept from.
  static func isOwnerOrRoot(_ peer: ControlPeer) -> Bool {
    peer.user == geteuid() || peer.user == 0
  }

  func start() throws(ControlError) {
    var ends: [Int32] = [-1, -1]
    guard platform_pipe(&ends) == 0 else {
      let code = errno
      socket.remove()
      Glibc.close(socket.listener)
      throw .system(ControlSocket.fileName, "make a pipe", code)
    }
    let (sleeper, waker) = (ends[0], ends[1])
    state.withLock { $0.wakeEnd = waker }
    threads.enter()
    do throws(ServiceThread.StartError) {
      try ServiceThread.start("stepwise-listen") { [self] in
        listen(wokenBy: sleeper)
        Glibc.close(socket.listener)
        state.withLock {
          Glibc.close($0.wakeEnd)
          $0.wakeEnd = -1
        }
        Glibc.close(sleeper)
        threads.leave()
      }
    } catch {
      threads.leave()
      state.withLock { $0.wakeEnd = -1 }
      for descriptor in ends + [socket.listener] { Glibc.close(descriptor) }
      socket.remove()
      throw .system(ControlSocket.fileName, "start a thread", error.code)
    }
  }

  @discardableResult func close(patience: Duration) -> Bool {
    socket.remove()
    state.withLock { state in
      state.isClosing = true
      if state.wakeEnd >= 0 { _ = write(state.wakeEnd, "x", 1) }
      for (descriptor, isWorking) in state.connections where !isWorking {
        shutdown(descriptor, Int32(SHUT_RDWR))
      }
    }
    if threads.wait(timeout: .now() + patience.seconds) == .success { return true }
    // Those who still wait learn from the end of the connection that the run is over.
    state.withLock { state in
      for descriptor in state.connections.keys { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
    return threads.wait(timeout: .now() + 0.1) == .success
  }

  // MARK: The listening thread

  private func listen(wokenBy sleeper: Int32) {
    while true {
      var entries = [
        pollfd(fd: socket.listener, events: Int16(POLLIN), revents: 0),
        pollfd(fd: sleeper, events: Int16(POLLIN), revents: 0),
      ]
      if poll(&entries, 2, -1) < 0 { continue }
      if entries[1].revents != 0 { return }
      let descriptor = platform_unix_accept(socket.listener)
      if descriptor >= 0 {
        admit(descriptor)
      } else if ![EAGAIN, EINTR, ECONNABORTED].contains(errno) {
        // No descriptor or memory is left, and the connection stays in the queue: without a pause this thread would spin.
        var pause = pollfd(fd: sleeper, events: Int16(POLLIN), revents: 0)
        _ = poll(&pause, 1, 100)
      }
    }
  }

  private func admit(_ descriptor: Int32) {
    var peer = ControlPeer(user: 0, process: 0)
    guard platform_unix_peer(descriptor, &peer.user, &peer.process) == 0 else {
      Glibc.close(descriptor)
      return
    }
    guard mayConnect(peer) else {
      return dismiss(
        descriptor,
        .refused(
          "the run is \(UserName.of(geteuid()))'s, and you are \(peer.name): only that user, or root, may "
            + "control it",
          cure: "Ask them, or do this as that user."
        )
      )
    }
    let hasRoom = state.withLock { state in
      guard state.connections.count < limits.connections else { return false }
      state.connections[descriptor] = false
      return true
    }
    guard hasRoom else { return dismiss(descriptor, .busy(limits.connections)) }
    threads.enter()
    do throws(ServiceThread.StartError) {
      try ServiceThread.start("stepwise-ctl") { [self, peer] in
        serve(descriptor, peer)
        forget(descriptor)
        threads.leave()
      }
    } catch {
      threads.leave()
      state.withLock { _ = $0.connections.removeValue(forKey: descriptor) }
      dismiss(descriptor, .busy(limits.connections))
    }
  }

  /// Answers without having read: a new connection's buffer has room.
  private func dismiss(_ descriptor: Int32, _ answer: ControlAnswer) {
    var writer = LineWriter(descriptor)
    writer.offer(answer.record.json)
    Glibc.close(descriptor)
  }

  /// Under the lock, so that nobody shuts down a descriptor whose number is another's already.
  private func forget(_ descriptor: Int32) {
    state.withLock {
      $0.connections[descriptor] = nil
      Glibc.close(descriptor)
    }
  }

  // MARK: A connection's thread

  private func serve(_ descriptor: Int32, _ peer: ControlPeer) {
    var reader = LineReader(descriptor, limit: limits.requestLength)
    var writer = LineWriter(descriptor)
    while true {
      if state.withLock({ $0.isClosing }) { return }
      let event = reader.next(
        within: Deadline(after: limits.silence),
        lineTime: limits.requestTime
      )
      let answer: ControlAnswer
      var isLast = true
      switch event {
      case .ended: return
      case .line(let bytes):
        if bytes.allSatisfy({ [0x20, 0x09, 0x0d].contains($0) }) { continue }
        guard begin(on: descriptor) else { return }
        answer = carryOut(bytes, peer, &writer)
        isLast = false
      case .tooLong:
        answer = .refused(
          "the request is longer than \(limits.requestLength) bytes",
          cure: "Send one JSON object on a line of at most that length."
        )
      case .halfLine:
        answer = .refused(
          "half a request: no end of the line within \(limits.requestTime.seconds) s",
          cure: "Send one JSON object and a newline."
        )
      case .silence:
        answer = .refused(
          "no request within \(limits.silence.seconds) s",
          cure: "Connect again when there is one."
        )
      }
      let hasArrived = writer.send(answer.record.json, within: Deadline(after: limits.answerTime))
      guard end(on: descriptor), hasArrived, !isLast else { return }
    }
  }

  private func carryOut(
    _ line: [UInt8],
    _ peer: ControlPeer,
    _ writer: inout LineWriter
  ) -> ControlAnswer {
    let cure = #"Send one JSON object a line, for example {"command":"status"}."#
    let record: Record
    do throws(RecordSyntaxError) {
      record = try Record(json: line)
    } catch {
      return .refused("not a request: \(error)", cure: cure)
    }
    guard let command = record["command"]?.text, !command.isEmpty else {
      return .refused("not a request: \"command\" is missing or not text", cure: cure)
    }
    return handler(ControlRequest(record, from: peer)) { line in
      let progress: Record = ["progress": .string(line)]
      writer.offer(progress.json)
    }
  }

  /// Marks the connection as one that has a request under way; `false` where the server is closing.
  private func begin(on descriptor: Int32) -> Bool {
    state.withLock { state in
      state.connections[descriptor] = true
      return !state.isClosing
    }
  }

  /// The request is answered; `false` where the server is closing.
  private func end(on descriptor: Int32) -> Bool {
    state.withLock { state in
      state.connections[descriptor] = false
      return !state.isClosing
    }
  }
}
