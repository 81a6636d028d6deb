import Glibc
import Tensors

/// Wall-clock time.
enum Stopwatch {
  /// Seconds since some moment in the past.
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// Seconds of a body.
  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = now
    try body()
    return now - start
  }

  /// Seconds of each timed repetition, after the warm-up.
  static func samples(_ pace: Pace, _ body: () throws -> Void) rethrows -> [Double] {
    for _ in 0..<pace.warmUp { try body() }
    pace.onWarm()
    return try (0..<pace.repetitions).map { _ in try seconds(body) }
  }
}

/// Tokens that depend on the seed alone and are neither padding nor an end.
struct RandomTokens {
  var vocabulary: Int
  var seed: UInt64

  func rows(_ count: Int, of length: Int) -> [[Int32]] {
    let random = Philox4x32(seed: seed)
    return (0..<count).map { row in
      (0..<length).map {
        2 + Int32(random.uniform(at: UInt64(row * length + $0)) * Float(vocabulary - 2))
      }
    }
  }
}
