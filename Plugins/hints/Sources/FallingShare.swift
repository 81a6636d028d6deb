import StepwisePlugin

/// A share that falls by half a cosine:
///
///     q(t) = low + (high - low) (1 + cos(pi t / T)) / 2       for t below T
struct FallingShare: Equatable {
  let high: Double
  let low: Double

  init(_ parameters: Parameters) throws {
    high = try parameters.double("high", default: 0.95)
    low = try parameters.double("low", default: 0.05)
    guard low >= 0, low <= high, high <= 1 else {
      throw PluginFailure(
        .argument,
        "low is \(low) and high \(high); give shares with 0 <= low <= high <= 1"
      )
    }
  }

  /// The share at `step`, which stays at `low` from step `steps` on.
  func at(_ step: Int, of steps: Int) -> Double {
    guard step < steps else { return low }
    return low + (high - low) * ExactMath.halfCosine(Double(max(step, 0)) / Double(steps))
  }
}
