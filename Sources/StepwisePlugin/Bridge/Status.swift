import CStepwisePlugin

/// Status codes and messages of the ABI.
enum Status {
  static let ok = stepwise_status(STEPWISE_OK)
  static let useDefault = stepwise_status(STEPWISE_USE_DEFAULT)

  static func code(_ reason: PluginFailure.Reason) -> stepwise_status {
    switch reason {
    case .failed: return stepwise_status(STEPWISE_ERROR)
    case .argument: return stepwise_status(STEPWISE_ERROR_ARGUMENT)
    case .unsupported: return stepwise_status(STEPWISE_ERROR_UNSUPPORTED)
    case .state: return stepwise_status(STEPWISE_ERROR_STATE)
    case .cancelled: return stepwise_status(STEPWISE_ERROR_CANCELLED)
    case .deadline: return stepwise_status(STEPWISE_ERROR_DEADLINE)
    case .inputOutput: return stepwise_status(STEPWISE_ERROR_IO)
    case .data: return stepwise_status(STEPWISE_ERROR_DATA)
    }
  }

  static func reason(_ code: stepwise_status) -> PluginFailure.Reason {
    let reasons: [PluginFailure.Reason] = [
      .argument, .unsupported, .state, .cancelled, .deadline, .inputOutput, .data,
    ]
    return reasons.first { Self.code($0) == code } ?? .failed
  }
}

/// A status that one of the host's sinks answered, handed back as it is.
struct HostStatus: Error {
  let code: stepwise_status
}

/// Runs `body` and turns what it throws into a status and a message: nothing unwinds into the host.
func guarded(
  _ error: UnsafeMutablePointer<stepwise_error>?,
  _ body: () throws -> stepwise_status
) -> stepwise_status {
  do {
    return try body()
  } catch let failure as HostStatus {
    return failure.code
  } catch let failure as PluginFailure {
    write(failure.message, to: error)
    return Status.code(failure.reason)
  } catch let other {
    write(String(describing: other), to: error)
    return stepwise_status(STEPWISE_ERROR)
  }
}

private func write(_ message: String, to error: UnsafeMutablePointer<stepwise_error>?) {
  guard let error else { return }
  withText(message) { text in
    let size = min(text.size, error.pointee.capacity)
    if size > 0 { error.pointee.message.update(from: text.data!, count: Int(size)) }
    error.pointee.size = size
  }
}
