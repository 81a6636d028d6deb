internal import CKernels
import Synchronization

/// The CPU backend's memory: freed blocks are kept by size class and handed out again, so a training
/// step after the first allocates nothing and its memory is flat from step to step.
///
/// Size classes are 64 bytes times 1, 1.25, 1.5, 1.75, 2, 2.5, ...: at most a fifth of a block is
/// unused, and shapes that differ a little between steps (packed batches do) share blocks.
final class HostMemoryPool: StorageOwner {
  /// Addresses are moved between threads, never used by two at once.
  private struct Block: @unchecked Sendable {
    let address: UnsafeMutableRawPointer
  }

  private struct State: Sendable {
    var free: [Int: [Block]] = [:]
    var bytesHeld = 0
    var bytesInUse = 0
  }

  private let state = Mutex(State())

  /// Bytes obtained from the system and not given back, and those of them in use.
  var usage: (held: Int, inUse: Int) { state.withLock { ($0.bytesHeld, $0.bytesInUse) } }

  /// The size class, in floats, of a request.
  static func capacity(for count: Int) -> Int {
    let units = max(1, (count + 15) / 16)
    if units <= 4 { return units * 16 }
    let exponent = Int.bitWidth - 1 - (units - 1).leadingZeroBitCount
    let quarter = 1 << max(0, exponent - 2)
    return (units + quarter - 1) / quarter * quarter * 16
  }

  func allocate(_ count: Int) -> Storage {
    let capacity = Self.capacity(for: count)
    let bytes = capacity * MemoryLayout<Float>.stride
    let block = state.withLock { state -> Block? in
      state.bytesInUse += bytes
      if let block = state.free[capacity]?.popLast() { return block }
      state.bytesHeld += bytes
      return nil
    }
    if let block { return makeStorage(block.address, count, capacity) }
    guard let address = ck_memory_allocate(bytes) else {
      fatalError("out of memory: no \(bytes) bytes for a tensor (\(usage.held) held)")
    }
    return makeStorage(address, count, capacity)
  }

  private func makeStorage(
    _ address: UnsafeMutableRawPointer,
    _ count: Int,
    _ capacity: Int
  ) -> Storage {
    Storage(address: address, count: count, capacity: capacity, hostVisible: true, owner: self)
  }

  func reclaim(_ address: UnsafeMutableRawPointer, capacity: Int) {
    let block = Block(address: address)
    state.withLock {
      $0.free[capacity, default: []].append(block)
      $0.bytesInUse -= capacity * MemoryLayout<Float>.stride
    }
  }

  /// Gives unused blocks back to the system, as after a phase with other shapes.
  func trim() {
    let blocks = state.withLock { state -> [Block] in
      let blocks = state.free.values.flatMap { $0 }
      state.free = [:]
      state.bytesHeld = state.bytesInUse
      return blocks
    }
    for block in blocks { ck_memory_free(block.address) }
  }

  deinit {
    for blocks in state.withLock({ $0.free.values.map { $0 } }) {
      for block in blocks { ck_memory_free(block.address) }
    }
  }
}
