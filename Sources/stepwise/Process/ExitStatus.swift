import RunStore
import Tensors

/// What the process answers to its caller.
enum ExitStatus: Int32 {
  /// Something asked for could not be done.
  case failed = 1
  /// Wrong arguments or configuration (EX_USAGE).
  case usage = 64
  /// The machine refused: disk, memory, libraries (EX_SOFTWARE).
  case hostFault = 70
  /// A plugin is not trusted (EX_NOPERM).
  case notTrusted = 77
  /// Interrupted, with a checkpoint written (128 + SIGINT).
  case interrupted = 130

  /// The status for an error that a command threw.
  init(of error: any Error) {
    switch error {
    case is ConfigurationError, is UsageError: self = .usage
    case let error as SlotError: self = error.isMistakeInConfiguration ? .usage : .failed
    case let error as TrainingFailed: self = ErrorReport(error.error).status
    case is Interrupted: self = .interrupted
    case let error as RunStoreError:
      switch error {
      case .system, .shortWrite: self = .hostFault
      case .occupied, .notARun: self = .usage
      case .inUse, .damaged, .noGoodCheckpoint: self = .failed
      }
    case is CPUBackendError: self = .hostFault
    default: self = .failed
    }
  }
}

/// An error of another module that a mistake in the configuration caused.
struct UsageError: Error, CustomStringConvertible {
  var error: any Error

  var description: String { "\(error)" }
}
