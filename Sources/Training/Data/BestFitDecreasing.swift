/// Packs rows into sequences of at most `capacity` tokens: the longest row first, each into the sequence with the least room that it
/// fits into, a new one where there is none.
///
/// Source: TRL 1.16.0, `_pack_bfd`, with the same order among equals: rows of equal length in their order, of sequences with equal room
/// the one that came to that room first.
///
/// - Complexity: O(n log n) for the sort; O(capacity) bits of room, searched by words.
enum BestFitDecreasing {
  /// - Parameters:
  ///   - lengths: tokens of each row; 1 to `capacity`.
  ///   - capacity: tokens of a sequence.
  /// - Returns: for each sequence its rows, as indices into `lengths`.
  static func pack(_ lengths: [Int], capacity: Int) -> [[Int]] {
    let order = lengths.indices.sorted {
      lengths[$0] != lengths[$1] ? lengths[$0] > lengths[$1] : $0 < $1
    }
    var bins: [[Int]] = []
    // Sequences by the room they have, in the order in which they came to it.
    var waiting: [Int: Queue] = [:]
    var rooms = RoomSet(capacity)
    for row in order {
      let length = lengths[row]
      precondition(
        (1...capacity).contains(length),
        "a row of \(length) tokens, at most \(capacity) fit"
      )
      let room: Int
      let bin: Int
      if let found = rooms.smallest(atLeast: length) {
        room = found
        bin = waiting[room]!.popFirst()
        if waiting[room]!.isEmpty { rooms.remove(room) }
      } else {
        room = capacity
        bin = bins.count
        bins.append([])
      }
      bins[bin].append(row)
      let left = room - length
      if left > 0 {
        waiting[left, default: Queue()].append(bin)
        rooms.insert(left)
      }
    }
    return bins
  }

  private struct Queue {
    private var items: [Int] = []
    private var first = 0
    var isEmpty: Bool { first == items.count }
    mutating func append(_ item: Int) { items.append(item) }
    mutating func popFirst() -> Int {
      defer { first += 1 }
      return items[first]
    }
  }

  /// A set of whole numbers below a limit, one bit each.
  private struct RoomSet {
    private var words: [UInt64]

    init(_ limit: Int) { words = Array(repeating: 0, count: limit / 64 + 1) }

    mutating func insert(_ value: Int) { words[value / 64] |= 1 << UInt64(value % 64) }
    mutating func remove(_ value: Int) { words[value / 64] &= ~(1 << UInt64(value % 64)) }

    func smallest(atLeast value: Int) -> Int? {
      var word = value / 64
      var bits = words[word] & (UInt64.max << UInt64(value % 64))
      while bits == 0 {
        word += 1
        if word == words.count { return nil }
        bits = words[word]
      }
      return word * 64 + bits.trailingZeroBitCount
    }
  }
}
