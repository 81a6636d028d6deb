import Foundation
import Glibc

/// Writes a file that is either whole or what it was before: into a temporary file beside it,
/// fsync, rename, fsync of the directory.
func writeAtomically(_ bytes: Data, to path: String) throws(CheckpointError) {
  func failure(_ operation: String) -> CheckpointError {
    .inputOutput(file: path, reason: "\(operation) failed (\(String(cString: strerror(errno))))")
  }
  let temporary = "\(path).\(getpid()).partial"
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw failure("open") }
  let problem = writeAll(bytes, descriptor) ?? (fsync(descriptor) == 0 ? nil : "fsync")
  let error = problem.map(failure)
  close(descriptor)
  if let error {
    unlink(temporary)
    throw error
  }
  guard rename(temporary, path) == 0 else {
    let error = failure("rename")
    unlink(temporary)
    throw error
  }
  let directory = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY)
  guard directory >= 0 else { throw failure("open of the directory") }
  defer { close(directory) }
  guard fsync(directory) == 0 else { throw failure("fsync of the directory") }
}

/// Writes every byte; returns the operation that failed.
private func writeAll(_ bytes: Data, _ descriptor: Int32) -> String? {
  bytes.withUnsafeBytes { raw in
    var rest = raw
    while !rest.isEmpty {
      let count = write(descriptor, rest.baseAddress, rest.count)
      if count < 0 {
        if errno == EINTR { continue }
        return "write"
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    return nil
  }
}
