import Testing

@testable import BenchmarkFigures

@Suite struct StatisticsTests {
  @Test func mediansOfOddEvenAndNone() {
    #expect(Statistics.median([3, 1, 2]) == 2)
    #expect(Statistics.median([4, 1, 2, 3]) == 2.5)
    #expect(Statistics.median([]) == 0)
  }

  @Test func aRatioIsOneOfMediansAndNotOfMeans() {
    #expect(Statistics.ratio([10, 20, 1_000], to: [5, 10, 1]) == 4)
    #expect(Statistics.ratio([1], to: []) == 0)
  }

  @Test(arguments: [(12_345.678, 12_350), (0.0012345, 0.001235), (-9.9999, -10), (0, 0)])
  func significantDigits(value: Double, rounded: Double) {
    #expect(Statistics.significant(value) == rounded)
  }

  @Test func aPowerLawGivesItsExponentBack() throws {
    let points = [1.0, 10, 100, 1_000].map { (x: $0, y: 7 * 1 / ($0 * $0.squareRoot())) }
    let fit = try #require(PowerFit(points))
    #expect(abs(fit.exponent + 1.5) < 1e-12)
    #expect(abs(fit.factor - 7) < 1e-9)
    #expect(abs(fit.explained - 1) < 1e-12)
    #expect(abs(fit(16) - 7 / 64) < 1e-12)
  }

  @Test func noExponentWithoutTwoPlaces() {
    #expect(PowerFit([(x: 5.0, y: 1.0)]) == nil)
    #expect(PowerFit([(x: 5.0, y: 1.0), (x: 5.0, y: 2.0)]) == nil)
    #expect(PowerFit([(x: 0.0, y: 1.0), (x: 5.0, y: 2.0)]) == nil)
  }

  /// The figures that `6 N + 6 L s H` gives, as the rivals' scripts count.
  @Test func costOfTheTinyModel() {
    let cost = ModelCost(
      parameters: 3_084_544,
      layers: 4,
      attentionWidth: 256,
      keyValueWidth: 128
    )
    #expect(cost.train(sequence: 256) == Double(6 * 3_084_544 + 6 * 4 * 256 * 256))
    let bytes = cost.decodeBytes(batch: 2, context: 100, bytesPerValue: 4)
    #expect(bytes == Double(4 * 3_084_544 + 2 * 4 * 128 * 100 * 2 * 4))
  }
}
