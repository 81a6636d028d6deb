import Testing

@testable import Tensors

struct HostMemoryPoolTests {
  /// Blocks of many sizes come and go; none overlaps another, each keeps what was written to it, and all room comes back.
  @Test func blocksAreApartAndComeBack() {
    let pool = HostMemoryPool()
    var random = PhiloxSequence(Philox4x32(seed: 11))
    var live: [(storage: Storage, mark: Float)] = []
    for round in 0..<4000 {
      if live.count < 40 || random.next() % 2 == 0 {
        let size = 1 + Int(random.next() % (round % 10 == 0 ? 50000 : 300))
        let storage = pool.allocate(size)
        #expect(UInt(bitPattern: storage.address) % 64 == 0)
        let mark = Float(round)
        storage.hostPointer!.update(repeating: mark, count: size)
        live.append((storage, mark))
      } else {
        let gone = live.remove(at: Int(random.next() % UInt64(live.count)))
        let values = UnsafeBufferPointer(start: gone.storage.hostPointer, count: gone.storage.count)
        #expect(values.allSatisfy { $0 == gone.mark })
      }
    }
    live = []
    #expect(pool.usage.inUse == 0)
    let held = pool.usage.held
    let whole = pool.allocate(held / 4)
    #expect(pool.usage.held == held, "all gaps had joined into one")
    _ = whole
  }

  /// Steps whose shapes vary need as much as the largest of them, not a set of blocks for each size.
  @Test func variedStepsNeedWhatTheLargestNeeds() {
    let pool = HostMemoryPool()
    func step(_ rows: Int) {
      var saved: [Storage] = []
      for _ in 0..<20 { saved.append(pool.allocate(rows * 96)) }
      while !saved.isEmpty {
        _ = pool.allocate(rows * 96)
        saved.removeLast()
      }
    }
    step(1000)
    let alone = pool.usage.held
    for rows in stride(from: 300, through: 1000, by: 7) { step(rows) }
    #expect(pool.usage.held == alone)
    step(1001)
    #expect(Double(pool.usage.held) < 1.002 * Double(alone))
  }

  @Test func trimKeepsWhatIsInUse() {
    let pool = HostMemoryPool()
    let low = pool.allocate(5000)
    low.hostPointer!.update(repeating: 7, count: 5000)
    do {
      let high = pool.allocate(1 << 20)
      high.hostPointer!.update(repeating: 1, count: 1 << 20)
    }
    pool.trim()
    #expect(pool.usage.held == pool.usage.inUse)
    #expect(UnsafeBufferPointer(start: low.hostPointer, count: 5000).allSatisfy { $0 == 7 })
    let again = pool.allocate(1 << 20)
    #expect(again.hostPointer![1 << 19] == 0, "a page that was given back is zero")
  }
}
