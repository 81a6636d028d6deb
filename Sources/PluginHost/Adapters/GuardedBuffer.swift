/// Room for a plugin's output, filled with a value that is no answer, and with a guard behind it that shows a write past the end.
final class GuardedBuffer<Element> {
  let base: UnsafeMutablePointer<Element>
  let count: Int
  private let guardBytes: Int
  private static var pattern: UInt8 { 0xA5 }

  init(_ poison: [Element]) {
    assert(_isPOD(Element.self), "the buffer never deinitialises")
    count = poison.count
    // Eight elements: whoever miscounts writes a few too many, not half a one.
    guardBytes = 8 * MemoryLayout<Element>.stride
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: count * MemoryLayout<Element>.stride + guardBytes,
      alignment: 64
    )
    base = raw.bindMemory(to: Element.self, capacity: count + 8)
    poison.withUnsafeBufferPointer {
      if let start = $0.baseAddress { base.initialize(from: start, count: count) }
    }
    let end = raw + count * MemoryLayout<Element>.stride
    end.initializeMemory(as: UInt8.self, repeating: Self.pattern, count: guardBytes)
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }

  /// Whether nothing was written behind the end.
  var isIntact: Bool {
    let end = UnsafeRawPointer(base + count)
    return UnsafeRawBufferPointer(start: end, count: guardBytes).allSatisfy { $0 == Self.pattern }
  }

  /// What was written.
  var values: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }
}
