import PluginHost
import PluginPackages
import RunStore
import Tensors

/// What the process answers to its caller.
enum ExitStatus: Int32 {
  /// Something asked for could not be done.
  case failed = 1
  /// Wrong arguments or configuration (EX_USAGE).
  case usage = 64
  /// A signature is not one of these bytes (EX_DATAERR).
  case badSignature = 65
  /// There is no signature (EX_NOINPUT).
  case unsigned = 66
  /// Whether a signature is good cannot be told (EX_UNAVAILABLE).
  case unverified = 69
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
    case let error as SlotError:
      self =
        error.error.problem == .notTrusted
        ? .notTrusted : error.isMistakeInConfiguration ? .usage : .failed
    case let error as TrainingFailed: self = ErrorReport(error.error).status
    case is Interrupted: self = .interrupted
    case let error as RunStoreError:
      switch error {
      case .system, .shortWrite: self = .hostFault
      case .occupied, .notARun: self = .usage
      case .inUse, .damaged, .noGoodCheckpoint: self = .failed
      }
    case let error as EvaluationDirectoryError:
      switch error {
      case .inUse, .strange: self = .failed
      case .notADirectory, .occupied, .notAnEvaluation, .otherSettings: self = .usage
      }
    case let error as PackageError: self.init(of: error.problem)
    case is CPUBackendError: self = .hostFault
    default: self = .failed
    }
  }

  private init(of problem: PackageError.Problem) {
    switch problem {
    case .badSignature: self = .badSignature
    case .unsigned: self = .unsigned
    case .unverified: self = .unverified
    case .untrusted: self = .notTrusted
    default: self = .failed
    }
  }
}

/// An error of another module that a mistake in the configuration caused.
struct UsageError: Error, CustomStringConvertible {
  var error: any Error

  var description: String { "\(error)" }
}
