import CStepwisePlugin

/// Memory for the C views that one call shows to a plugin, freed together.
///
/// The memory may be a region that another process sees at another address: then the views are made for that process, and their
/// pointers mean nothing here.
final class CallArena {
  private var chunks: [UnsafeMutableRawPointer] = []
  private var free: UnsafeMutableRawPointer?
  private var left = 0
  /// Holds the views of a usual batch in a few allocations.
  private static let chunkSize = 1 << 16
  /// What is added to an address here to get the reader's.
  private let bias: Int
  private let region: UnsafeMutableRawBufferPointer?
  /// How many bytes were asked for in all; above the region's size where it did not suffice.
  private(set) var needed = 0

  /// Memory of this process, for calls in it.
  init() {
    bias = 0
    region = nil
  }

  /// A region that is also mapped elsewhere, at `address`. Where it does not suffice, the views are useless and `isComplete` is
  /// false; `needed` says how large it must be.
  init(_ region: UnsafeMutableRawBufferPointer, readerAddress address: UInt) {
    self.region = region
    bias = Int(bitPattern: address &- UInt(bitPattern: region.baseAddress))
    free = region.baseAddress
    left = region.count
  }

  /// Whether everything lies in the region.
  var isComplete: Bool { chunks.isEmpty }

  deinit {
    for chunk in chunks { chunk.deallocate() }
  }

  private func allocate(_ size: Int) -> UnsafeMutableRawPointer {
    let size = (size + 15) & ~15
    needed += size
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
    var string = string
    return string.withUTF8 { bytes in
      guard let start = bytes.baseAddress, bytes.count > 0 else { return stepwise_text() }
      let copy = allocate(bytes.count)
      copy.copyMemory(from: start, byteCount: bytes.count)
      return stepwise_text(
        data: UnsafePointer((copy + bias).assumingMemoryBound(to: CChar.self)),
        size: UInt64(bytes.count)
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
    return UnsafePointer((copy + bias).assumingMemoryBound(to: T.self))
  }

  /// A copy of one plain C value.
  func value<T>(_ value: T) -> UnsafePointer<T> { array([value])! }
}
