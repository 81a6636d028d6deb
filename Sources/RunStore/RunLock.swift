import Glibc

/// Keeps a second process from writing into the same run. The kernel releases it when the process ends, however it ends.
final class RunLock {
  private let descriptor: Int32

  init(run: String) throws {
    let path = "\(run)/.lock"
    descriptor = try Files.openFile(path, O_RDWR | O_CREAT)
    var code = Self.attempt(descriptor, LOCK_EX)
    // Who only looks (`isHeld`) holds the lock for a moment, which must not keep a run from starting.
    for _ in 0..<10 where code == EWOULDBLOCK {
      usleep(5_000)
      code = Self.attempt(descriptor, LOCK_EX)
    }
    if code != 0 {
      close(descriptor)
      if code == EWOULDBLOCK { throw RunStoreError.inUse(path: run) }
      // File systems without locks (some network ones) say ENOLCK or ENOTSUP; a run there works, unguarded.
      guard code == ENOLCK || code == ENOTSUP || code == ENOSYS else {
        throw RunStoreError.system(operation: "lock", path: path, code: code)
      }
    }
  }

  /// Whether another process writes into the run.
  static func isHeld(run: String) -> Bool {
    let descriptor = open("\(run)/.lock", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    let code = attempt(descriptor, LOCK_SH)
    if code == 0 { flock(descriptor, LOCK_UN) }
    return code == EWOULDBLOCK
  }

  private static func attempt(_ descriptor: Int32, _ operation: Int32) -> Int32 {
    flock(descriptor, operation | LOCK_NB) == 0 ? 0 : errno
  }

  deinit {
    // A child that is just being spawned holds a copy of the descriptor until it runs its program: closing ours would leave the
    // run locked for that moment.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}
