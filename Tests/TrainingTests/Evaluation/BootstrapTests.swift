import Testing

@testable import Training

@Suite struct BootstrapTests {
  /// The distribution of the resampled mean is known: binomial.
  @Test func theEndsAreTheBinomialQuantiles() {
    // Means of two draws from {0, 1}: 0, 1/2 and 1 with chances 1/4, 1/2 and 1/4.
    let two = EvaluationStatistics.pairedBootstrap([0, 1])
    #expect(two == Estimate(value: 0.5, low: 0, high: 1))
    // Of 100 draws, P(39 or fewer ones) = 1.76 %, P(40 or fewer) = 2.84 %, and the mirror image.
    let hundred = EvaluationStatistics.pairedBootstrap((0..<100).map { Double($0 % 2) })
    #expect(hundred == Estimate(value: 0.5, low: 0.4, high: 0.6))
  }

  @Test func theNormalIntervalIsItsLimit() {
    // 400 differences with mean 0 and variance 1/2 * 0.5^2 ...: -0.5, 0, 0, 0.5.
    let differences = (0..<400).map { [-0.5, 0, 0, 0.5][$0 % 4] }
    let estimate = EvaluationStatistics.pairedBootstrap(differences)
    let error = (0.125 / 400).squareRoot() * 1.959_963_984_540_054
    #expect(estimate.value == 0)
    #expect(abs(estimate.low + error) < 0.08 * error && abs(estimate.high - error) < 0.08 * error)
  }

  @Test func edges() {
    #expect(
      EvaluationStatistics.pairedBootstrap([0.25, 0.25])
        == Estimate(value: 0.25, low: 0.25, high: 0.25)
    )
    let single = EvaluationStatistics.pairedBootstrap([0.5])
    #expect(single == Estimate(value: 0.5, low: -.infinity, high: .infinity))
    // Equal differences give equal bits.
    let differences = [0.1, -0.3, 0.7, 0.2, -0.1]
    #expect(
      EvaluationStatistics.pairedBootstrap(differences)
        == EvaluationStatistics.pairedBootstrap(differences)
    )
  }

  /// NumPy: np.quantile([1, 2, 4, 8], [0, 0.025, 0.5, 0.975, 1]).
  @Test func quantiles() {
    let values = [1.0, 2, 4, 8]
    let expected = [(0, 1.0), (0.025, 1.075), (0.5, 3), (0.975, 7.7), (1, 8)]
    for (share, value) in expected {
      #expect(abs(EvaluationStatistics.quantile(share, of: values) - value) < 1e-12)
    }
  }
}
