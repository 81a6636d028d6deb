import Foundation
import Testing

@testable import Training

@Suite("Paired comparison")
struct PairedComparisonTests {
  @Test("counts and difference")
  func counts() {
    let comparison = PairedComparison(
      before: [true, true, false, false, false],
      after: [true, false, true, true, false]
    )
    #expect(comparison.count == 5 && comparison.gained == 2 && comparison.lost == 1)
    #expect(comparison.difference.value == 0.2)
    #expect(comparison.mcNemarP == 1)
  }

  @Test("McNemar's exact p against sums of binomials")
  func mcNemar() {
    func p(_ gained: Int, _ lost: Int) -> Double {
      PairedComparison(both: 3, gained: gained, lost: lost, neither: 4).mcNemarP
    }
    #expect(p(0, 0) == 1)
    #expect(abs(p(5, 0) - 2 / 32.0) < 1e-15)
    #expect(abs(p(1, 9) - 2 * 11 / 1024.0) < 1e-15)
    #expect(p(9, 1) == p(1, 9))
    #expect(abs(p(7, 3) - 2 * (1 + 10 + 45 + 120) / 1024.0) < 1e-14)
    // Thousands of pairs: 2^-3000 is not a Double. By exact integers, in Python:
    // 2 * Fraction(sum(comb(3000, i) for i in range(1401)), 2 ** 3000)
    #expect(abs(p(1600, 1400) / 2.785_639_610_392_337e-4 - 1) < 1e-9)
  }

  @Test("swapping the models mirrors the interval")
  func symmetry() {
    for (both, gained, lost, neither) in [(30, 12, 5, 53), (0, 4, 0, 2), (10, 0, 0, 10)] {
      let forth = PairedComparison(both: both, gained: gained, lost: lost, neither: neither)
      let back = PairedComparison(both: both, gained: lost, lost: gained, neither: neither)
      #expect(abs(forth.difference.low + back.difference.high) < 1e-15)
      #expect(abs(forth.difference.high + back.difference.low) < 1e-15)
      #expect(forth.mcNemarP == back.mcNemarP)
      #expect(-1 <= forth.difference.low && forth.difference.high <= 1)
      #expect(forth.difference.low <= forth.difference.value)
      #expect(forth.difference.value <= forth.difference.high)
    }
  }

  /// The claim behind "95 %", checked exactly: all tables of n pairs, weighed by their probability.
  @Test("exact coverage of the interval")
  func coverage() {
    let n = 24
    var total = 0.0
    let points = [
      (0.4, 0.15, 0.05, 0.4), (0.2, 0.3, 0.1, 0.4), (0.45, 0.05, 0.05, 0.45),
      (0.25, 0.25, 0.25, 0.25), (0.7, 0.2, 0.05, 0.05), (0.1, 0.4, 0.1, 0.4),
    ]
    let logFactorials = (0...n).map { n in (0..<n).reduce(0.0) { $0 + log(Double($1 + 1)) } }
    for (both, gained, lost, neither) in points {
      var covered = 0.0
      for a in 0...n {
        for b in 0...(n - a) {
          for c in 0...(n - a - b) {
            let d = n - a - b - c
            let interval = PairedComparison(both: a, gained: b, lost: c, neither: d).difference
            guard interval.low <= gained - lost && gained - lost <= interval.high else { continue }
            let ways =
              logFactorials[n] - logFactorials[a] - logFactorials[b] - logFactorials[c]
              - logFactorials[d]
            covered += exp(
              ways + Double(a) * log(both) + Double(b) * log(gained) + Double(c) * log(lost)
                + Double(d) * log(neither)
            )
          }
        }
      }
      #expect(covered > 0.93 && covered < 0.999, "\(covered) at \((both, gained, lost, neither))")
      total += covered
    }
    #expect(total / Double(points.count) > 0.945)
  }

  @Test("pairs are narrower than two separate shares")
  func narrower() {
    let paired = PairedComparison(both: 300, gained: 60, lost: 30, neither: 210).difference
    let before = EvaluationStatistics.share(of: 330, in: 600)
    let after = EvaluationStatistics.share(of: 360, in: 600)
    let separate = hypot(before.high - before.low, after.high - after.low)
    #expect(paired.high - paired.low < 0.75 * separate)
    #expect(paired.low > 0)
  }
}
