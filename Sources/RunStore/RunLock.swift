import Glibc

/// Keeps a second process from writing into the same run. The kernel releases it when the process ends, however it ends.
final class RunLock {
  private let descriptor: Int32

  init(run: String) throws {
    let path = "\(run)/.lock"
    descriptor = try Files.openFile(path, O_RDWR | O_CREAT)
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let code = errno
      close(descriptor)
      if code == EWOULDBLOCK { throw RunStoreError.inUse(path: run) }
      // File systems without locks (some network ones) say ENOLCK or ENOTSUP; a run there works, unguarded.
      guard code == ENOLCK || code == ENOTSUP || code == ENOSYS else {
        throw RunStoreError.system(operation: "lock", path: path, code: code)
      }
    }
  }

  deinit {
    // A child that is just being spawned holds a copy of the descriptor until it runs its program: closing ours would leave the
    // run locked for that moment.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}
