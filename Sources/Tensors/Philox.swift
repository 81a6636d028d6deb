#if canImport(Glibc)
import Glibc
#else
import Foundation
#endif

/// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as
/// 1, 2, 3" (2011): a number is a function of (seed, stream, counter) alone, so draws do not depend
/// on the order in which threads or rows ask for them, and resuming needs one integer.
public struct Philox4x32: Sendable, Equatable {
  /// The key.
  public let seed: UInt64
  /// The upper half of the counter block: separates uses of one seed (sampling, shuffling, ...).
  public let stream: UInt64

  /// Takes each field as given.
  public init(seed: UInt64, stream: UInt64 = 0) {
    self.seed = seed
    self.stream = stream
  }

  /// The four words of one block.
  public func block(at counter: UInt64) -> SIMD4<UInt32> {
    Self.block(
      counter: SIMD4(
        UInt32(truncatingIfNeeded: counter),
        UInt32(truncatingIfNeeded: counter >> 32),
        UInt32(truncatingIfNeeded: stream),
        UInt32(truncatingIfNeeded: stream >> 32)
      ),
      key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    )
  }

  /// The bijection itself, ten rounds, as in the Random123 library.
  public static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (counter, key) = (counter, key)
    for _ in 0..<10 {
      let a = UInt64(0xD251_1F53) * UInt64(counter.x)
      let b = UInt64(0xCD9E_8D57) * UInt64(counter.z)
      counter = SIMD4(
        UInt32(truncatingIfNeeded: b >> 32) ^ counter.y ^ key.x,
        UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ counter.w ^ key.y,
        UInt32(truncatingIfNeeded: a)
      )
      key = key &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return counter
  }

  /// A uniform number in [0, 1), a multiple of 2^-24, from the first word of the counter's block.
  public func uniform(at counter: UInt64) -> Float { Self.unit(block(at: counter).x) }

  /// A standard normal number from the counter's block (Box and Muller, in FP64).
  public func normal(at counter: UInt64) -> Float {
    let words = block(at: counter)
    // (word + 0.5) / 2^32 is never 0: the logarithm is finite.
    let radius = (-2 * log((Double(words.x) + 0.5) * 0x1p-32)).squareRoot()
    return Float(radius * cos(2 * Double.pi * (Double(words.y) + 0.5) * 0x1p-32))
  }

  private static func unit(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }

  /// A sequential view that starts at the given counter.
  public func sequence(from counter: UInt64 = 0) -> PhiloxSequence {
    PhiloxSequence(self, counter: counter)
  }
}

/// A `Philox4x32` read in order, for the standard library's shuffles and ranges. Two words of each
/// block make one number; the counter is all of its state.
public struct PhiloxSequence: RandomNumberGenerator, Sendable, Equatable {
  /// The generator behind the sequence.
  public let philox: Philox4x32
  /// The next block; save it to resume.
  public private(set) var counter: UInt64

  /// Takes each field as given.
  public init(_ philox: Philox4x32, counter: UInt64 = 0) {
    self.philox = philox
    self.counter = counter
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    let words = philox.block(at: counter)
    counter &+= 1
    return UInt64(words.x) | UInt64(words.y) << 32
  }

  /// The next uniform number in [0, 1).
  public mutating func uniform() -> Float {
    defer { counter &+= 1 }
    return philox.uniform(at: counter)
  }

  /// The next standard normal number.
  public mutating func normal() -> Float {
    defer { counter &+= 1 }
    return philox.normal(at: counter)
  }
}
