import StepwisePlugin

/// The tokens of a step that come from a demonstration's prefix.
struct Hints {
  /// Positions in the request's arrays, for each sequence that has any.
  let sequences: [[Int]]

  init(_ request: TokenWeightRequest) {
    sequences = request.sequenceKinds.indices.compactMap { sequence in
      let tokens = (request.sequenceStarts[sequence]..<request.sequenceStarts[sequence + 1])
        .filter { request.kinds[$0] == .hint }
      return tokens.isEmpty ? nil : tokens
    }
  }

  /// How many there are in the step.
  var count: Int { sequences.reduce(0) { $0 + $1.count } }

  /// The host's coefficients with the gradient of `weight` times the mean, over all hint tokens of the step, of a loss of each:
  ///
  ///     weight / H * sum over the H tokens of -slope(token) log p
  ///
  /// The host itself trains no hint, so nothing is replaced. `nil` where there is none.
  func coefficients(
    _ request: TokenWeightRequest,
    weight: Double,
    slope: (Int) -> Double
  ) -> [Float]? {
    guard count > 0 else { return nil }
    var coefficients = request.coefficients
    let share = weight / Double(count)
    for token in sequences.joined() { coefficients[token] = Float(-share * slope(token)) }
    return coefficients
  }
}

/// The most tokens of a demonstration after which something is left to sample: all but the last, which ends it.
func longestHint(_ demonstration: [Int32]) -> Int { max(demonstration.count - 1, 0) }
