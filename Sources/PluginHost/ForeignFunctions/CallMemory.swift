import Glibc

/// Memory for what one call passes by pointer, one region for each pointer, used again by the next call.
///
/// With guards, what is placed ends where a page that cannot be touched begins: a function that reads or writes one byte too far
/// dies on the spot, in the process that was made for that, instead of answering from its neighbour's bytes.
final class CallMemory {
  private let isGuarded: Bool
  private var regions: [Region] = []

  init(isGuarded: Bool) { self.isGuarded = isGuarded }

  /// Room for `count` bytes in the region of that number; what it held before is gone.
  func room(_ region: Int, count: Int) throws(AllocationFailure) -> UnsafeMutableRawPointer {
    while regions.count <= region { regions.append(Region()) }
    return try regions[region].room(count, isGuarded: isGuarded)
  }

  /// A copy of the text's bytes, with a NUL behind them where the function looks for one.
  func text(
    _ region: Int,
    _ text: String,
    isTerminated: Bool
  ) throws(AllocationFailure) -> UnsafeRawPointer {
    var text = text
    let size = text.utf8.count
    let memory = try room(region, count: size + (isTerminated ? 1 : 0))
    text.withUTF8 { bytes in
      if let start = bytes.baseAddress { memory.copyMemory(from: start, byteCount: bytes.count) }
    }
    if isTerminated { memory.storeBytes(of: 0, toByteOffset: size, as: UInt8.self) }
    return UnsafeRawPointer(memory)
  }

  /// The system has no memory left.
  struct AllocationFailure: Error {
    var bytes: Int
  }
}

/// One mapping of pages. Never smaller than what it had to hold so far.
private final class Region {
  private var base: UnsafeMutableRawPointer?
  private var mapped = 0
  private var capacity = 0
  private static let pageSize = sysconf(Int32(_SC_PAGESIZE))

  deinit { release() }

  private func release() {
    if let base { munmap(base, mapped) }
    base = nil
    capacity = 0
  }

  func room(
    _ count: Int,
    isGuarded: Bool
  ) throws(CallMemory.AllocationFailure) -> UnsafeMutableRawPointer {
    if base == nil || count > capacity { try map(count, isGuarded: isGuarded) }
    // Up to the guard, or from the start: either way aligned for whole elements, as pages are.
    return isGuarded ? base! + (capacity - count) : base!
  }

  private func map(_ count: Int, isGuarded: Bool) throws(CallMemory.AllocationFailure) {
    release()
    // Twice as much as asked for, so that slowly growing texts are not a mapping each.
    let pages = max(1, (2 * count + Self.pageSize - 1) / Self.pageSize)
    let room = pages * Self.pageSize
    let whole = room + (isGuarded ? Self.pageSize : 0)
    let memory = mmap(nil, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else { throw .init(bytes: whole) }
    if isGuarded, mprotect(memory + room, Self.pageSize, PROT_NONE) != 0 {
      munmap(memory, whole)
      throw .init(bytes: whole)
    }
    base = memory
    mapped = whole
    capacity = room
  }
}
