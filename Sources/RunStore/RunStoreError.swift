import Glibc

/// What can go wrong with a run on disk. Each message names the file and the cure.
public enum RunStoreError: Error, Equatable, CustomStringConvertible {
  /// The directory for a new run already holds something.
  case occupied(path: String)
  /// There is no run in the directory.
  case notARun(path: String)
  /// Another process writes into the run.
  case inUse(path: String)
  /// The operating system refused an operation; `code` is its errno.
  case system(operation: String, path: String, code: Int32)
  /// The disk took only a part of what was written.
  case shortWrite(path: String, written: Int, of: Int, code: Int32)
  /// A file does not hold what Stepwise wrote.
  case damaged(path: String, reason: String)
  /// Checkpoints exist, and none of them is whole.
  case noGoodCheckpoint(path: String, damaged: [String])

  /// One sentence for what happened, one for what to do.
  public var description: String {
    switch self {
    case .occupied(let path):
      return "\(path): the directory is not empty, and runs are never mixed. Choose another "
        + "output_dir, or go on with the run there: stepwise train --resume \(path)"
    case .notARun(let path):
      return "\(path): no run here (config.yaml is missing). Name a directory that "
        + "`stepwise train` made."
    case .inUse(let path):
      return "\(path): another process is writing into this run. Wait for it or stop it, then "
        + "try again."
    case .system(let operation, let path, let code):
      return "\(path): cannot \(operation): \(Self.text(code)). \(Self.cure(code, path))"
    case .shortWrite(let path, let written, let count, let code):
      return "\(path): only \(written) of \(count) bytes were written: \(Self.text(code)). "
        + Self.cure(code, path)
    case .damaged(let path, let reason):
      return "\(path): damaged: \(reason). Restore the file from a copy, or start a new run."
    case .noGoodCheckpoint(let path, let damaged):
      return "\(path): every checkpoint is damaged (\(damaged.joined(separator: "; "))). Restore "
        + "one from a copy, or start a new run."
    }
  }

  private static func text(_ code: Int32) -> String {
    String(cString: strerror(code))
  }

  private static func cure(_ code: Int32, _ path: String) -> String {
    switch code {
    case ENOSPC, EDQUOT:
      return "Free some space on that disk, then go on from the last checkpoint with "
        + "`stepwise train --resume RUN`."
    case EFBIG:
      return "Raise the file size limit (ulimit -f), then go on from the last checkpoint with "
        + "`stepwise train --resume RUN`."
    case EACCES, EPERM, EROFS:
      return "Make the place writable, or choose another output_dir."
    case EMFILE, ENFILE:
      return "Raise the limit on open files (ulimit -n)."
    case ENOENT:
      return "Check the path."
    default:
      return "Check the disk, then go on from the last checkpoint with "
        + "`stepwise train --resume RUN`."
    }
  }
}
