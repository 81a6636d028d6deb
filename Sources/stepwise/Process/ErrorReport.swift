import Foundation
import Glibc
import PluginPackages
import RunStore

/// An error as the user sees it: one message with its cure, and the exit code.
struct ErrorReport: Equatable {
  var message: String
  var status: ExitStatus

  init(_ error: any Error) {
    message = "\(error)"
    status = ExitStatus(of: error)
    // Any file of a checkpoint may meet a full disk, in a module that knows nothing of runs.
    if !(error is RunStoreError), !(error is PackageError), let cure = Self.diskCure(error, message)
    {
      status = .hostFault
      if !message.contains(cure) { message += "\n\(cure)" }
    }
  }

  private static func diskCure(_ error: any Error, _ message: String) -> String? {
    let isFull =
      (error as? CocoaError)?.code == .fileWriteOutOfSpace
      || [ENOSPC, EDQUOT].contains { message.contains(String(cString: strerror($0))) }
    if isFull {
      return "Free some space on that disk, then go on from the last checkpoint with "
        + "`stepwise train --resume RUN`."
    }
    if message.contains(String(cString: strerror(EFBIG))) {
      return "Raise the file size limit (ulimit -f), then go on from the last checkpoint with "
        + "`stepwise train --resume RUN`."
    }
    return nil
  }
}
