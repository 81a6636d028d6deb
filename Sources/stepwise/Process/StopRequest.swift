import Glibc
import Synchronization

/// Ctrl-C and SIGTERM: the first asks the run to stop at the next step boundary, the second stops at once.
enum StopRequest {
  private static let count = Atomic<Int>(0)

  /// Whether somebody asked.
  static var isPending: Bool { count.load(ordering: .relaxed) > 0 }

  /// Installs the handlers.
  static func listen() {
    // Nothing here may allocate or lock: the handler interrupts any code at all.
    let handler: @convention(c) @Sendable (Int32) -> Void = { _ in
      let (_, now) = StopRequest.count.add(1, ordering: .relaxed)
      guard now > 1 else { return }
      let restore = ScreenPainter.restoreSequence
      if isatty(STDOUT_FILENO) == 1 {
        _ = write(STDOUT_FILENO, restore.utf8Start, restore.utf8CodeUnitCount)
      }
      _exit(ExitStatus.interrupted.rawValue)
    }
    // Whoever started the process may have blocked them, as threads of Dispatch do for what they spawn.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&signals, number)
      var action = sigaction()
      action.__sigaction_handler.sa_handler = handler
      // System calls go on after the handler: a write that stopped half-way would look like a full disk.
      action.sa_flags = SA_RESTART
      sigaction(number, &action, nil)
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }
}
