import Glibc

/// Names of signals, as people know them.
enum SignalName {
  private static let known: [(Int32, String, String)] = [
    (SIGHUP, "SIGHUP", "hang-up"), (SIGINT, "SIGINT", "interrupt"), (SIGQUIT, "SIGQUIT", "quit"),
    (SIGILL, "SIGILL", "illegal instruction"), (SIGTRAP, "SIGTRAP", "trap"),
    (SIGABRT, "SIGABRT", "abort"), (SIGBUS, "SIGBUS", "bus error"),
    (SIGFPE, "SIGFPE", "arithmetic fault"), (SIGKILL, "SIGKILL", "kill"),
    (SIGSEGV, "SIGSEGV", "segmentation fault"), (SIGPIPE, "SIGPIPE", "broken pipe"),
    (SIGTERM, "SIGTERM", "termination"), (SIGXCPU, "SIGXCPU", "out of CPU time"),
    (SIGSYS, "SIGSYS", "bad system call"),
  ]

  /// `SIGSEGV (segmentation fault)`, or `signal 40`.
  static func description(of signal: Int32) -> String {
    guard let entry = known.first(where: { $0.0 == signal }) else { return "signal \(signal)" }
    return "\(entry.1) (\(entry.2))"
  }
}
