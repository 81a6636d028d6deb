internal import CKernels
import Glibc
import Synchronization

/// The CPU backend's memory: an arena of address space in which a request takes the lowest gap that holds it, and a freed block
/// joins the gaps beside it.
///
/// All that a step allocated is gone at its end, so each step packs its blocks anew from the bottom, whatever their sizes: the
/// arena is as large as the largest step was, and a step one token longer than all before makes it longer by that token. Blocks
/// kept by size class, as they were before, made a new set of them whenever a batch crossed into a new class.
final class HostMemoryPool: StorageOwner {
  /// Bytes from `start` to `end`; addresses are moved between threads, never used by two at once.
  struct Extent: Sendable, Equatable {
    var start: UInt
    var end: UInt

    var count: Int { Int(end - start) }
  }

  private struct State: Sendable {
    var segments: [Segment] = []
    var bytesInUse = 0
  }

  /// One reservation.
  struct Segment: Sendable {
    let whole: Extent
    /// Never adjacent, in ascending order.
    private(set) var gaps: [Extent]
    /// Up to here memory was used since it was last given back.
    private(set) var used: UInt

    init(_ whole: Extent) {
      self.whole = whole
      gaps = [whole]
      used = whole.start
    }

    /// The lowest address with so many bytes free.
    ///
    /// - Complexity: O(gaps); a training step leaves some dozens.
    mutating func take(_ bytes: UInt) -> UInt? {
      guard let index = gaps.firstIndex(where: { $0.end - $0.start >= bytes }) else { return nil }
      let start = gaps[index].start
      gaps[index].start += bytes
      used = max(used, gaps[index].start)
      if gaps[index].start == gaps[index].end { gaps.remove(at: index) }
      return start
    }

    /// Takes a block back.
    mutating func put(_ block: Extent) {
      var (low, high) = (0, gaps.count)
      while low < high {
        let middle = (low + high) / 2
        if gaps[middle].start < block.start { low = middle + 1 } else { high = middle }
      }
      let joinsNext = low < gaps.count && gaps[low].start == block.end
      if low > 0, gaps[low - 1].end == block.start {
        gaps[low - 1].end = joinsNext ? gaps[low].end : block.end
        if joinsNext { gaps.remove(at: low) }
      } else if joinsNext {
        gaps[low].start = block.start
      } else {
        gaps.insert(block, at: low)
      }
    }

    /// What may be given back to the system: the whole pages in gaps that were used.
    mutating func discardable(page: UInt) -> [Extent] {
      let pages = gaps.compactMap { gap -> Extent? in
        let start = (gap.start + page - 1) / page * page
        let end = min(gap.end, used + page - 1) / page * page
        return start < end ? Extent(start: start, end: end) : nil
      }
      if let last = gaps.last, last.end == whole.end { used = min(used, last.start) }
      return pages
    }
  }

  /// Address space taken at a time. More than nearly any machine's memory, so that there is one segment; a process with a limit on its
  /// address space gets the largest half, quarter and so on that it allows.
  private static let reservation: UInt = 1 << 38
  /// Blocks start at multiples of a cache line.
  private static let alignment: UInt = 64
  private static let page = UInt(sysconf(Int32(_SC_PAGESIZE)))

  private let state = Mutex(State())

  /// Bytes up to the end of the highest block since memory was last given back, and bytes in use.
  var usage: (held: Int, inUse: Int) {
    state.withLock { state in
      let held = state.segments.reduce(0) { $0 + Int($1.used - $1.whole.start) }
      return (held, state.bytesInUse)
    }
  }

  func allocate(_ count: Int) -> Storage {
    let wanted = UInt(max(count, 1) * MemoryLayout<Float>.stride)
    let bytes = (wanted + Self.alignment - 1) / Self.alignment * Self.alignment
    let start = state.withLock { state -> UInt in
      state.bytesInUse += Int(bytes)
      for index in state.segments.indices {
        if let start = state.segments[index].take(bytes) { return start }
      }
      var segment = Segment(Self.reserve(atLeast: bytes, inUse: state.bytesInUse))
      let start = segment.take(bytes)!
      state.segments.append(segment)
      return start
    }
    return Storage(
      address: UnsafeMutableRawPointer(bitPattern: start)!,
      count: count,
      capacity: Int(bytes) / MemoryLayout<Float>.stride,
      hostVisible: true,
      owner: self
    )
  }

  private static func reserve(atLeast bytes: UInt, inUse: Int) -> Extent {
    var size = max(reservation, (bytes + page - 1) / page * page)
    while size >= bytes {
      if let address = ck_memory_reserve(Int(size)) {
        let start = UInt(bitPattern: address)
        return Extent(start: start, end: start + size)
      }
      size = size / 2 / page * page
    }
    fatalError("out of memory: no \(bytes) bytes for a tensor (\(inUse) in use)")
  }

  func reclaim(_ address: UnsafeMutableRawPointer, capacity: Int) {
    let start = UInt(bitPattern: address)
    let block = Extent(start: start, end: start + UInt(capacity * MemoryLayout<Float>.stride))
    state.withLock { state in
      state.bytesInUse -= block.count
      let owner = state.segments.firstIndex { $0.whole.start <= start && start < $0.whole.end }
      state.segments[owner!].put(block)
    }
  }

  /// Gives unused memory back to the system, as after a phase with other shapes.
  func trim() {
    state.withLock { state in
      for index in state.segments.indices {
        for extent in state.segments[index].discardable(page: Self.page) {
          ck_memory_discard(UnsafeMutableRawPointer(bitPattern: extent.start), extent.count)
        }
      }
    }
  }

  deinit {
    for segment in state.withLock({ $0.segments }) {
      let whole = segment.whole
      ck_memory_release(UnsafeMutableRawPointer(bitPattern: whole.start), whole.count)
    }
  }
}
