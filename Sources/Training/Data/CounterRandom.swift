import Tensors

/// The run's random streams: every draw is a pure function of (seed, purpose, counters), so nothing about threads, batch sizes or
/// resumes can change it.
struct CounterRandom: Sendable {
  /// What a stream is for. A new purpose takes a new number; numbers are never reused.
  enum Purpose: UInt64 {
    case order = 1
    case probe = 2
    case sampling = 3
    case strategy = 4
    case rolloutShape = 5
    case shuffleGeneration = 6
    case evaluation = 7
    case mixture = 8
    case packing = 9
  }

  let seed: UInt64

  /// A generator for one purpose and index.
  func stream(_ purpose: Purpose, _ index: UInt64 = 0) -> Philox4x32 {
    Philox4x32(seed: seed, stream: purpose.rawValue << 56 | index & (1 << 56 - 1))
  }

  /// A uniform draw in [0, 1) with 24 bits.
  func uniform(_ purpose: Purpose, _ index: UInt64, item: UInt64) -> Double {
    Double(stream(purpose, index).uniform(at: item))
  }

  /// A permutation of `0..<count` (Fisher-Yates).
  func permutation(_ count: Int, _ purpose: Purpose, _ index: UInt64) -> [Int] {
    var order = Array(0..<count)
    guard count > 1 else { return order }
    var generator = stream(purpose, index).sequence()
    for i in stride(from: count - 1, to: 0, by: -1) {
      // Multiply-shift on 64 bits: the bias is below 2^-32 for any count that fits in memory.
      let j = Int(generator.next().multipliedFullWidth(by: UInt64(i + 1)).high)
      order.swapAt(i, j)
    }
    return order
  }
}
