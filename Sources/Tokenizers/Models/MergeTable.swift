/// The merges of a BPE model: from a pair of ids to rank and product, open addressing.
struct MergeTable: Sendable {
  private struct Slot: Sendable {
    var pair: UInt64
    var merge: UInt64
  }

  private static let vacant = UInt64.max
  /// What `find` returns where two tokens do not merge; greater than any merge.
  static let none = UInt64.max

  private var slots: [Slot]
  private let shift: UInt64

  init(minimumCapacity: Int) {
    var bits: UInt64 = 4
    while 1 << bits < minimumCapacity * 2 { bits += 1 }
    slots = [Slot](repeating: Slot(pair: Self.vacant, merge: Self.none), count: 1 << bits)
    shift = 64 - bits
  }

  @inline(__always)
  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private func index(of pair: UInt64) -> Int {
    Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }

  /// Adds a merge; of two for one pair the later one counts, as in the library.
  mutating func insert(_ left: Int32, _ right: Int32, rank: Int, product: Int32) {
    let pair = Self.pair(left, right)
    var slot = index(of: pair)
    while slots[slot].pair != Self.vacant, slots[slot].pair != pair {
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Slot(pair: pair, merge: UInt64(rank) << 32 | UInt64(UInt32(bitPattern: product)))
  }

  /// `rank << 32 | product` of a pair, or `none`: the smaller, the earlier it merges.
  @inline(__always)
  func find(_ left: Int32, _ right: Int32) -> UInt64 {
    let pair = Self.pair(left, right)
    var slot = index(of: pair)
    return slots.withUnsafeBufferPointer { slots in
      while true {
        let found = slots[slot]
        if found.pair == pair { return found.merge }
        if found.pair == Self.vacant { return Self.none }
        slot = (slot + 1) & (slots.count - 1)
      }
    }
  }
}
