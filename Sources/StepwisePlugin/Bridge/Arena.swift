import CStepwisePlugin

/// Memory for the C views of one call, freed together.
final class Arena {
  private var chunks: [UnsafeMutableRawPointer] = []
  private var free: UnsafeMutableRawPointer?
  private var left = 0
  /// Holds the rows of a usual call in a few allocations.
  private static let chunkSize = 1 << 16

  deinit {
    for chunk in chunks { chunk.deallocate() }
  }

  private func allocate(_ size: Int) -> UnsafeMutableRawPointer {
    let size = (size + 15) & ~15
    if size > left {
      left = max(size, Self.chunkSize)
      let chunk = UnsafeMutableRawPointer.allocate(byteCount: left, alignment: 16)
      chunks.append(chunk)
      free = chunk
    }
    let memory = free!
    free = memory + size
    left -= size
    return memory
  }

  /// A view of a copy of the text.
  func text(_ string: String) -> stepwise_text {
    withText(string) { text in
      guard text.size > 0 else { return stepwise_text() }
      let copy = allocate(Int(text.size))
      copy.copyMemory(from: text.data!, byteCount: Int(text.size))
      return stepwise_text(
        data: UnsafePointer(copy.assumingMemoryBound(to: CChar.self)),
        size: text.size
      )
    }
  }

  /// A copy of plain C values (not constrained to `BitwiseCopyable`, which imported unions are not); `nil` for none.
  func array<T>(_ values: [T]) -> UnsafePointer<T>? {
    assert(_isPOD(T.self), "the arena never deinitialises")
    guard !values.isEmpty else { return nil }
    let copy = allocate(values.count * MemoryLayout<T>.stride)
    let typed = copy.bindMemory(to: T.self, capacity: values.count)
    values.withUnsafeBufferPointer { typed.initialize(from: $0.baseAddress!, count: $0.count) }
    return UnsafePointer(typed)
  }
}
