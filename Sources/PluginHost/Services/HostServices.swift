import Dispatch

/// What the program that composes a run gives to its plugins. Every closure may be called from any thread.
public struct HostServices: Sendable {
  /// How important a line of a plugin's log is.
  public enum LogLevel: Int32, Sendable {
    /// For whoever looks for a fault.
    case debug = 0
    /// Worth knowing.
    case info = 1
    /// Something looks wrong.
    case warning = 2
    /// Something is wrong.
    case error = 3
  }

  /// Which weights log-probabilities are computed with.
  public enum Model: Int32, Sendable {
    /// The model being trained, as it is during the call.
    case policy = 0
    /// The frozen reference.
    case reference = 1
  }

  /// Takes a line of the log: level, label of the component in the run, text.
  public var log: @Sendable (LogLevel, _ label: String, _ message: String) -> Void
  /// Takes a number of the current step: label of the component, name, value.
  public var metric: @Sendable (_ label: String, _ name: String, _ value: Double) -> Void
  /// Whether the user wants to stop.
  public var isCancelled: @Sendable () -> Bool
  /// How long one call may take; a plugin in this process is only told, not stopped. One in a process of its own is killed some
  /// time after, and gets a minute where this is `nil`.
  public var callBudget: Duration?
  /// Where the calls that failed are kept; `nil`: `$XDG_STATE_HOME/stepwise/bundles`.
  public var bundleDirectory: String?
  /// Token ids of a text, without special tokens around it; `nil`: there is no tokenizer.
  public var encode: (@Sendable (_ text: String) throws -> [Int32])?
  /// Text of token ids, special tokens kept or not; `nil`: there is no tokenizer.
  public var decode: (@Sendable (_ ids: [Int32], _ keepSpecialTokens: Bool) throws -> String)?
  /// log p of each of `ids` after `context`; `nil`: there is no model. The caller of a plugin must hold no lock that it takes.
  public var logProbabilities:
    (@Sendable (_ model: Model, _ context: [Int32], _ ids: [Int32]) throws -> [Float])?
  /// Runs a body for every index below a count on the host's threads and returns when all are done.
  public var parallelFor: @Sendable (_ count: Int, _ body: @Sendable (Int) -> Void) -> Void

  /// Services that log warnings and errors to standard error, drop metrics, and have neither tokenizer nor model.
  public init() {
    log = { level, label, message in
      if level.rawValue >= LogLevel.warning.rawValue {
        writeToStandardError("\(label): \(message)\n")
      }
    }
    metric = { _, _, _ in }
    isCancelled = { false }
    parallelFor = { count, body in
      DispatchQueue.concurrentPerform(iterations: count, execute: body)
    }
  }
}
