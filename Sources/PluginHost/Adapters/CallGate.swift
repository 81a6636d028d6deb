import Glibc

/// Holds an instance to the concurrency that its plugin declared: parallel calls may overlap each other where the plugin is
/// thread-safe, and nothing overlaps a serial call.
///
/// Unchecked because all it has is a POSIX lock.
final class CallGate: @unchecked Sendable {
  private let lock: UnsafeMutablePointer<pthread_rwlock_t>
  private let isThreadSafe: Bool

  init(isThreadSafe: Bool) {
    self.isThreadSafe = isThreadSafe
    lock = .allocate(capacity: 1)
    lock.initialize(to: pthread_rwlock_t())
    pthread_rwlock_init(lock, nil)
  }

  deinit {
    pthread_rwlock_destroy(lock)
    lock.deallocate()
  }

  func withCall<R>(parallel: Bool, _ body: () -> R) -> R {
    if parallel && isThreadSafe {
      pthread_rwlock_rdlock(lock)
    } else {
      pthread_rwlock_wrlock(lock)
    }
    defer { pthread_rwlock_unlock(lock) }
    return body()
  }
}
