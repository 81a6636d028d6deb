import CPlatform
import Glibc

/// A thread of its own for work that waits for minutes, which no shared pool should hold.
enum ServiceThread {
  /// Starts a thread that ends with `body`.
  ///
  /// - Parameter name: what `top -H` shows, at most 15 bytes.
  /// - Throws: the code of what the system refused.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(StartError) {
    let work = Unmanaged.passRetained(Work(name: name, body: body))
    var thread = pthread_t()
    let code = pthread_create(
      &thread,
      nil,
      { pointer in
        let work = Unmanaged<Work>.fromOpaque(pointer!).takeRetainedValue()
        pthread_detach(pthread_self())
        platform_name_thread(work.name)
        work.body()
        return nil
      },
      work.toOpaque()
    )
    if code != 0 {
      work.release()
      throw StartError(code: code)
    }
  }

  struct StartError: Error { var code: Int32 }

  private final class Work: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
}
