import CSodium

/// Bytes that are locked into memory where the system allows it, and wiped when they are let go.
///
/// Unchecked, since it holds a pointer: the bytes are written once, in `init`, and only read after that.
final class SecretBytes: @unchecked Sendable {
  private let memory: UnsafeMutableRawPointer
  let count: Int

  /// - Precondition: libsodium was started.
  init(count: Int, fill: (UnsafeMutableBufferPointer<UInt8>) throws -> Void) rethrows {
    guard let memory = sodium_malloc(count) else { preconditionFailure("out of memory") }
    self.memory = memory
    self.count = count
    do {
      try fill(
        UnsafeMutableBufferPointer(
          start: memory.assumingMemoryBound(to: UInt8.self),
          count: count
        )
      )
    } catch {
      sodium_free(memory)
      throw error
    }
  }

  convenience init(_ bytes: some Collection<UInt8>) {
    self.init(count: bytes.count) { _ = $0.update(fromContentsOf: bytes) }
  }

  deinit { sodium_free(memory) }

  func withBytes<T>(_ body: (UnsafeBufferPointer<UInt8>) throws -> T) rethrows -> T {
    try body(
      UnsafeBufferPointer(start: memory.assumingMemoryBound(to: UInt8.self), count: count)
    )
  }
}
