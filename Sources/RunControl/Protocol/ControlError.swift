import Glibc

/// Why a run cannot be asked, or cannot be made to listen. The description is the problem and, on the next line, its cure.
public struct ControlError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of problem it is, for programs.
  public enum Kind: String, Sendable {
    /// There is no such directory.
    case noDirectory = "no_directory"
    /// The directory holds no run.
    case notARun = "not_a_run"
    /// Nothing listens: the run has ended, was killed, or goes without control.
    case notGoing = "not_going"
    /// The run is another user's.
    case notYours = "not_yours"
    /// The run serves as many connections as it takes.
    case busy
    /// The run ended while the request waited.
    case ended
    /// No answer came in time.
    case timedOut = "timed_out"
    /// What came is not an answer.
    case garbled
    /// Something that is not a socket has the socket's name.
    case inTheWay = "in_the_way"
    /// The operating system refused something.
    case system
  }

  /// What kind of problem it is.
  public var kind: Kind
  /// What happened, with the run.
  public var problem: String
  /// What to do.
  public var cure: String

  /// One line for what happened, one for what to do.
  public var description: String { "\(problem)\n\(cure)" }

  init(_ kind: Kind, _ problem: String, cure: String) {
    self.kind = kind
    self.problem = problem
    self.cure = cure
  }
}

extension ControlError {
  static func noDirectory(_ run: String) -> ControlError {
    ControlError(
      .noDirectory,
      "\(run): there is no such directory",
      cure: "Name a run's directory, or the name of a run below ./runs."
    )
  }

  static func notARun(_ run: String) -> ControlError {
    ControlError(
      .notARun,
      "\(run): no run here (config.yaml is missing)",
      cure: "Name a directory that `stepwise train` made."
    )
  }

  static func notGoing(_ run: String, wasKilled: Bool) -> ControlError {
    let reason =
      wasKilled
      ? "its process is gone and has left \(ControlSocket.fileName) behind"
      : "it has ended, or it could not open its socket and said so when it began"
    return ControlError(
      .notGoing,
      "\(run): the run is not going, so nothing can be asked of it: \(reason)",
      cure: "Go on with it: `stepwise train --resume \(run)`; or look at it: `stepwise runs show "
        + "\(run)`."
    )
  }

  static func notYours(_ run: String) -> ControlError {
    ControlError(
      .notYours,
      "\(run): the run is another user's, and only that user (or root) may control it: "
        + String(cString: strerror(EACCES)),
      cure: "Ask them, or do this as that user."
    )
  }

  static func busy(_ run: String, _ answer: ControlAnswer) -> ControlError {
    ControlError(.busy, "\(run): \(answer.problem)", cure: answer.cure)
  }

  static func ended(_ run: String, hasAsked: Bool) -> ControlError {
    ControlError(
      .ended,
      hasAsked
        ? "\(run): the run ended while the request waited; whether it was carried out is not known"
        : "\(run): the run closed the connection before the request was sent",
      cure: "Look at what was done: `stepwise ctl \(run) history`; go on with the run: "
        + "`stepwise train --resume \(run)`."
    )
  }

  static func timedOut(_ run: String, _ limit: Duration, hasAsked: Bool) -> ControlError {
    let seconds = limit.seconds
    let shown = seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)
    return ControlError(
      .timedOut,
      "\(run): no answer within \(shown) s"
        + (hasAsked ? "; the request is with the run and may still be carried out" : ""),
      cure: "See `stepwise ctl \(run) history`; wait longer with --timeout. A suspended process "
        + "answers nothing."
    )
  }

  static func garbled(_ run: String, _ reason: String) -> ControlError {
    ControlError(
      .garbled,
      "\(run)/\(ControlSocket.fileName): what came is not an answer: \(reason)",
      cure: "Use the version of Stepwise that the run was begun with."
    )
  }

  static func inTheWay(_ run: String) -> ControlError {
    ControlError(
      .inTheWay,
      "\(run)/\(ControlSocket.fileName): something that is not a socket is in the way",
      cure: "Move it away, then begin or resume the run again."
    )
  }

  static func system(_ path: String, _ operation: String, _ code: Int32) -> ControlError {
    let cure =
      switch code {
      case ENOSPC, EDQUOT: "Free some space on that disk."
      case EMFILE, ENFILE: "Raise the limit on open files (ulimit -n)."
      case EAGAIN, ENOMEM: "Raise the limit on processes (ulimit -u), or free some memory."
      default:
        "Control needs a directory that is writable and can hold sockets; choose another "
          + "output_dir, on a local disk."
      }
    return ControlError(
      .system,
      "\(path): cannot \(operation): \(String(cString: strerror(code)))",
      cure: cure
    )
  }
}
