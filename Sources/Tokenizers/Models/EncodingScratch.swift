import Synchronization

/// The working memory of one call of `encode`, kept between calls.
struct EncodingScratch: Sendable {
  var symbols: [Int32] = []
  /// For each symbol its merge with the next one.
  var pairs: [UInt64] = []
  var next: [Int32] = []
  var previous: [Int32] = []
  /// Entries `rank << 32 | place`: the smallest is the lowest rank, then the leftmost place.
  var heap = MinimumHeap()
  /// The best paths of a unigram model.
  var lattice: [LatticeNode] = []
  var cache = WordCache()

  mutating func prepareLists(_ count: Int) {
    pairs.removeAll(keepingCapacity: true)
    heap.removeAll()
    next.removeAll(keepingCapacity: true)
    previous.removeAll(keepingCapacity: true)
    for index in 0..<Int32(count) {
      next.append(index + 1)
      previous.append(index - 1)
    }
  }

  mutating func renewPair(at place: Int, _ pair: UInt64) {
    pairs[place] = pair
    if pair != MergeTable.none { heap.push((pair & ~0xFFFF_FFFF) | UInt64(place)) }
  }
}

/// A binary heap of integers, the smallest on top.
struct MinimumHeap: Sendable {
  private var entries: [UInt64] = []

  mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  /// Adds an entry without order; `makeHeap` must follow.
  mutating func append(_ entry: UInt64) { entries.append(entry) }

  mutating func makeHeap() {
    for index in stride(from: entries.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
  }

  mutating func push(_ entry: UInt64) {
    var index = entries.count
    entries.append(entry)
    while index > 0 {
      let parent = (index - 1) / 2
      if entries[parent] <= entry { break }
      entries[index] = entries[parent]
      index = parent
    }
    entries[index] = entry
  }

  mutating func popMinimum() -> UInt64? {
    guard let top = entries.first else { return nil }
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      siftDown(0)
    }
    return top
  }

  private mutating func siftDown(_ start: Int) {
    entries.withUnsafeMutableBufferPointer { entries in
      var index = start
      let entry = entries[index]
      while true {
        var child = index * 2 + 1
        if child >= entries.count { break }
        if child + 1 < entries.count, entries[child + 1] < entries[child] { child += 1 }
        if entries[child] >= entry { break }
        entries[index] = entries[child]
        index = child
      }
      entries[index] = entry
    }
  }
}

/// The ids of words that were seen lately; it grows with their number and is emptied when full.
struct WordCache: Sendable {
  /// Longer words repeat too seldom.
  static let maximumWordLength = 128
  /// About 4 MB when full. The 7,473 problems of GSM8K have 40,000 different words between blanks;
  /// a cache that is emptied again and again costs more than none.
  private static let entryLimit = 1 << 16
  private static let byteLimit = 1 << 20
  private static let firstSlotCount = 1 << 10

  private struct Entry: Sendable {
    var hash: UInt32
    var keyStart: Int32
    var keyCount: Int32
    var idStart: Int32
    var idCount: Int32
  }

  private var slots: [Int32] = []
  private var entries: [Entry] = []
  private var keys: [UInt8] = []
  private var ids: [Int32] = []

  /// Appends the ids of a known word; false where it is not known.
  @inline(__always)
  func append(_ word: Bytes, _ hash: UInt64, to result: inout [Int32]) -> Bool {
    guard !slots.isEmpty else { return false }
    let found = slots.withUnsafeBufferPointer { slots in
      entries.withUnsafeBufferPointer { entries in
        keys.withUnsafeBufferPointer { keys -> Entry? in
          var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
          while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            if entry.hash == UInt32(truncatingIfNeeded: hash), Int(entry.keyCount) == word.count,
              equalBytes(keys.baseAddress! + Int(entry.keyStart), word.baseAddress, word.count)
            {
              return entry
            }
            slot = (slot + 1) & (slots.count - 1)
          }
          return nil
        }
      }
    }
    guard let found else { return false }
    ids.withUnsafeBufferPointer { ids in
      for index in Int(found.idStart)..<Int(found.idStart + found.idCount) {
        result.append(ids[index])
      }
    }
    return true
  }

  /// Remembers a word that is not there.
  mutating func insert(_ word: Bytes, _ hash: UInt64, _ wordIDs: ArraySlice<Int32>) {
    if slots.isEmpty || entries.count == Self.entryLimit || keys.count > Self.byteLimit {
      slots = [Int32](repeating: 0, count: Self.firstSlotCount)
      entries.removeAll(keepingCapacity: true)
      keys.removeAll(keepingCapacity: true)
      ids.removeAll(keepingCapacity: true)
    } else if entries.count * 2 >= slots.count {
      slots = [Int32](repeating: 0, count: slots.count * 2)
      for (index, entry) in entries.enumerated() { place(index, entry.hash) }
    }
    entries.append(
      Entry(
        hash: UInt32(truncatingIfNeeded: hash),
        keyStart: Int32(keys.count),
        keyCount: Int32(word.count),
        idStart: Int32(ids.count),
        idCount: Int32(wordIDs.count)
      )
    )
    place(entries.count - 1, UInt32(truncatingIfNeeded: hash))
    keys.append(contentsOf: word)
    ids.append(contentsOf: wordIDs)
  }

  private mutating func place(_ index: Int, _ hash: UInt32) {
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = Int32(index + 1)
  }
}

/// Scratches that no call is using, so that each thread finds a warm cache.
final class ScratchPool: Sendable {
  private let idle = Mutex<[EncodingScratch]>([])

  func take() -> EncodingScratch { idle.withLock { $0.popLast() } ?? EncodingScratch() }
  func giveBack(_ scratch: EncodingScratch) { idle.withLock { $0.append(scratch) } }
}
