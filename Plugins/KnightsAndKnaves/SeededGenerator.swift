/// A small random number generator whose draws are fixed by this file alone.
///
/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). The
/// standard library may change how it maps a generator's words to a range, so the mapping is here
/// as well: a puzzle must stay the same for the same seed on every machine and in every release.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// A stream of its own for each list of numbers, such as seed, purpose and index.
  public init(_ key: UInt64...) {
    state = 0x243F_6A88_85A3_08D3  // The first hexadecimal digits of pi: nothing up the sleeve.
    for word in key { state = mixed(state ^ word) &+ 0x9E37_79B9_7F4A_7C15 }
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return mixed(state)
  }

  /// A number in `0..<bound` without bias (Lemire, "Fast random integer generation in an interval").
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "a draw needs at least one possibility, not \(bound)")
    let bound = UInt64(bound)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }

  /// `count` different numbers out of `0..<bound`, in random order.
  public mutating func choose(_ count: Int, from bound: Int) -> [Int] {
    precondition(count <= bound, "cannot choose \(count) different ones out of \(bound)")
    var pool = Array(0..<bound)
    for position in 0..<count { pool.swapAt(position, position + below(bound - position)) }
    return Array(pool.prefix(count))
  }
}

/// SplitMix64's finaliser: a bijection of 64-bit words in which every input bit reaches every output bit.
func mixed(_ word: UInt64) -> UInt64 {
  var z = word
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return z ^ (z >> 31)
}
