import Tensors
import Testing

struct PhiloxTests {
  struct KnownAnswer: Sendable {
    var counter: SIMD4<UInt32>
    var key: SIMD2<UInt32>
    var result: SIMD4<UInt32>
  }

  /// The three vectors of `philox4x32 10` in Random123's kat_vectors.
  static let knownAnswers = [
    KnownAnswer(
      counter: SIMD4(repeating: 0),
      key: SIMD2(repeating: 0),
      result: SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
    ),
    KnownAnswer(
      counter: SIMD4(repeating: 0xffff_ffff),
      key: SIMD2(repeating: 0xffff_ffff),
      result: SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
    ),
    KnownAnswer(
      counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
      key: SIMD2(0xa409_3822, 0x299f_31d0),
      result: SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
    ),
  ]

  @Test(arguments: knownAnswers)
  func knownAnswer(_ test: KnownAnswer) {
    let (counter, key, result) = (test.counter, test.key, test.result)
    #expect(Philox4x32.block(counter: counter, key: key) == result)
    let philox = Philox4x32(
      seed: UInt64(key.x) | UInt64(key.y) << 32,
      stream: UInt64(counter.z) | UInt64(counter.w) << 32
    )
    #expect(philox.block(at: UInt64(counter.x) | UInt64(counter.y) << 32) == result)
  }

  @Test func momentsOfUniformAndNormal() {
    let philox = Philox4x32(seed: 1, stream: 2)
    let count = 100_000
    var sums = (uniform: 0.0, normal: 0.0, square: 0.0)
    for i in 0..<UInt64(count) {
      let uniform = philox.uniform(at: i)
      #expect(uniform >= 0 && uniform < 1)
      let normal = Double(philox.normal(at: i))
      sums.uniform += Double(uniform)
      sums.normal += normal
      sums.square += normal * normal
    }
    // Four standard errors.
    #expect(abs(sums.uniform / Double(count) - 0.5) < 4 * 0.2887 / 316)
    #expect(abs(sums.normal / Double(count)) < 4.0 / 316)
    #expect(abs(sums.square / Double(count) - 1) < 4 * 1.4142 / 316)
  }

  @Test func aSequenceResumesFromItsCounter() {
    var first = Philox4x32(seed: 3).sequence()
    for _ in 0..<10 { _ = first.next() }
    var second = PhiloxSequence(Philox4x32(seed: 3), counter: first.counter)
    #expect((0..<5).map { _ in first.next() } == (0..<5).map { _ in second.next() })
    #expect(Philox4x32(seed: 3, stream: 1).uniform(at: 0) != Philox4x32(seed: 3).uniform(at: 0))
  }
}
