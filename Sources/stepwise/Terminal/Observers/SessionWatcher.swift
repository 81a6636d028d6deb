import Components
import Synchronization
import Training

/// Messages that may come from any thread and are shown by the training thread.
final class NoticeBoard: Sendable {
  private let lines = Mutex<[String]>([])

  /// Adds a message.
  func post(_ line: String) { lines.withLock { $0.append(line) } }

  /// The messages since the last time.
  func drain() -> [String] {
    lines.withLock { lines in
      defer { lines = [] }
      return lines
    }
  }
}

/// Keeps the state of a run for its end, and passes events on to whoever shows them, with the messages and the wish to stop that
/// came meanwhile.
final class SessionWatcher: TrainingObserver {
  private(set) var state: RunScreenState
  private let sink: any EventSink
  private let notices: NoticeBoard
  private let isStopping: () -> Bool
  private var hasToldStopping = false

  init(
    _ state: RunScreenState,
    sink: any EventSink,
    notices: NoticeBoard,
    isStopping: @escaping () -> Bool = { StopRequest.isPending }
  ) {
    self.state = state
    self.sink = sink
    self.notices = notices
    self.isStopping = isStopping
  }

  /// Shows on a screen, as lines, or as JSON.
  convenience init(
    _ state: RunScreenState,
    json: Bool,
    device: TerminalDevice,
    notices: NoticeBoard,
    loggingSteps: Int
  ) {
    let sink: any EventSink
    if json {
      sink = JSONObserver(write: device.write)
    } else if device.form == .screen {
      sink = ScreenObserver(state, device: device)
    } else {
      sink = LineObserver(state, loggingSteps: loggingSteps, write: device.write)
    }
    self.init(state, sink: sink, notices: notices)
  }

  /// The steps and evaluations before a resume.
  func preload(kinds: [StepKind], evaluations: [HeldOutResult]) {
    state.preload(kinds: kinds, evaluations: evaluations)
    sink.preload(kinds: kinds, evaluations: evaluations)
  }

  func observe(_ event: TrainingEvent) {
    state.apply(event, at: steadySeconds())
    showNotices()
    if isStopping(), !hasToldStopping {
      hasToldStopping = true
      sink.stopping()
    }
    sink.observe(event)
  }

  /// Shows what is left, and gives the terminal back.
  func close() {
    showNotices()
    sink.close()
  }

  private func showNotices() {
    for notice in notices.drain() { sink.note(notice) }
  }
}
