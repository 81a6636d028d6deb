/// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
/// (SC 2011): a pure function, so that a draw does not depend on what was drawn before.
enum Philox4x32 {
  /// One block of four words.
  static func block(
    counter: SIMD4<UInt32>,
    key: SIMD2<UInt32>
  ) -> SIMD4<UInt32> {
    var counter = counter
    var key = key
    for _ in 0..<10 {
      let first = counter[0].multipliedFullWidth(by: 0xD251_1F53)
      let second = counter[2].multipliedFullWidth(by: 0xCD9E_8D57)
      counter = SIMD4(
        second.high ^ counter[1] ^ key[0],
        second.low,
        first.high ^ counter[3] ^ key[1],
        first.low
      )
      key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return counter
  }

  /// The draw that `stepwise_host.uniform` documents.
  static func uniform(seed: UInt64, step: UInt64, item: UInt64, draw: UInt64) -> Double {
    // "STEPWIS" keeps these draws apart from any other use of the run's seed.
    let key = seed ^ 0x53_5445_5057_4953
    let words = block(
      counter: SIMD4(
        UInt32(truncatingIfNeeded: item),
        UInt32(truncatingIfNeeded: item >> 32),
        UInt32(truncatingIfNeeded: step),
        UInt32(truncatingIfNeeded: draw >> 1)
      ),
      key: SIMD2(UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
    )
    let bits =
      draw & 1 == 0
      ? UInt64(words[0]) | UInt64(words[1]) << 32 : UInt64(words[2]) | UInt64(words[3]) << 32
    return Double(bits >> 11) * 0x1p-53
  }
}
