import Foundation
import Testing

@testable import Training

@Suite("Evaluation statistics")
struct EvaluationStatisticsTests {
  /// The definition, by enumeration: the share of k-subsets of n samples with a correct one among them.
  @Test("pass@k is the mean over all subsets", arguments: 1...8)
  func passAtK(n: Int) {
    for correct in 0...n {
      var hits = [Int](repeating: 0, count: n + 1)
      var all = hits
      for subset in 0..<(1 << n) {
        let size = subset.nonzeroBitCount
        all[size] += 1
        // Samples 0..<correct are the correct ones.
        if subset & ((1 << correct) - 1) != 0 { hits[size] += 1 }
      }
      for k in 1...n {
        let expected = Double(hits[k]) / Double(all[k])
        let mine = EvaluationStatistics.pass(at: k, correct: correct, of: n)
        #expect(abs(mine - expected) < 1e-12, "pass@\(k), \(correct) of \(n)")
      }
    }
  }

  @Test("pass@k of many samples neither overflows nor loses its digits")
  func passAtKLarge() {
    // 1 - C(990, 100) / C(1000, 100), by exact integers in Python's fractions.
    let mine = EvaluationStatistics.pass(at: 100, correct: 10, of: 1000)
    #expect(abs(mine - 0.653_072_285_207_994) < 1e-12)
    #expect(EvaluationStatistics.pass(at: 1, correct: 3, of: 4) == 0.75)
  }

  @Test("the majority, ties to the first, abstentions")
  func majority() {
    #expect(EvaluationStatistics.majority(of: ["b", "a", "a", "b", nil]) == "b")
    #expect(EvaluationStatistics.majority(of: ["b", "a", "a"]) == "a")
    #expect(EvaluationStatistics.majority(of: [nil, nil, 3, nil] as [Int?]) == 3)
    #expect(EvaluationStatistics.majority(of: [nil, nil] as [Int?]) == nil)
    let answers = [4, 5, 5, 4, 4] as [Int?]
    let correct = [false, true, true, false, false]
    #expect(EvaluationStatistics.majority(at: 3, answers: answers, correct: correct))
    #expect(!EvaluationStatistics.majority(at: 4, answers: answers, correct: correct))
    #expect(!EvaluationStatistics.majority(at: 1, answers: [nil] as [Int?], correct: [true]))
  }

  /// Wilson's interval is by definition where the share lies exactly z standard errors *of the end* away from the end.
  @Test("Wilson's ends solve the score equation", arguments: [1, 7, 50, 2000])
  func wilson(trials: Int) {
    for successes in Set([0, 1, trials / 3, trials / 2, trials - 1, trials]) {
      let estimate = EvaluationStatistics.share(of: successes, in: trials)
      #expect(estimate.value == Double(successes) / Double(trials))
      #expect(0 <= estimate.low && estimate.low <= estimate.value)
      #expect(estimate.value <= estimate.high && estimate.high <= 1)
      for end in [estimate.low, estimate.high] where end > 0 && end < 1 {
        let error = (end * (1 - end) / Double(trials)).squareRoot()
        let distance = abs(estimate.value - end) / error
        #expect(abs(distance - 1.959963984540054) < 1e-9)
      }
    }
  }

  @Test("Wilson's interval against published figures")
  func wilsonPublished() {
    // Newcombe 1998 (Stat. Med. 17:857), table I, method 3, to its four decimals.
    for (successes, trials, low, high) in [
      (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
      (1, 29, 0.0061, 0.1718),
    ] {
      let estimate = EvaluationStatistics.share(of: successes, in: trials)
      #expect(abs(estimate.low - low) < 5e-5 && abs(estimate.high - high) < 5e-5)
    }
  }

  @Test("the mean over prompts")
  func mean() {
    // Variance of the mean 0.03125 / 4, so 0.25 / (0.03125 / 4) = 32 effective trials.
    let estimate = EvaluationStatistics.mean([0.25, 0.5, 0.75, 0.5])
    let expected = EvaluationStatistics.share(of: 16, in: 32)
    #expect(estimate.value == 0.5)
    #expect(abs(estimate.low - expected.low) < 1e-12)
    #expect(abs(estimate.high - expected.high) < 1e-12)
    // Outcomes of one completion each are trials.
    let outcomes = EvaluationStatistics.mean([1, 0, 0, 1, 1, 0, 1])
    let trials = EvaluationStatistics.share(of: 4, in: 7)
    #expect(abs(outcomes.low - trials.low) < 1e-12 && abs(outcomes.high - trials.high) < 1e-12)
    // No spread is not certainty.
    #expect(EvaluationStatistics.mean([1, 1, 1]) == EvaluationStatistics.share(of: 3, in: 3))
    #expect(EvaluationStatistics.mean([0.5, 0.5]) == EvaluationStatistics.share(of: 1, in: 2))
  }

  @Test("the mean of other quantities: the normal interval, cut to the bounds")
  func unboundedMean() {
    let estimate = EvaluationStatistics.mean([-1, 1, 3, 1], bounds: -10...10)
    let half = 1.959963984540054 * (8 / 3.0).squareRoot() / 2
    #expect(estimate.value == 1)
    #expect(abs(estimate.low - (1 - half)) < 1e-12 && abs(estimate.high - (1 + half)) < 1e-12)
    #expect(EvaluationStatistics.mean([-1, 1, 3, 1], bounds: -1...2).high == 2)
    let single = EvaluationStatistics.mean([-2], bounds: -5...5)
    #expect(single == Estimate(value: -2, low: -5, high: 5))
  }

  @Test("distinct-n")
  func distinct() {
    let completions: [[Int32]] = [[1, 2, 1, 2], [1, 2], [3]]
    #expect(EvaluationStatistics.distinct(1, in: completions) == 3 / 7.0)
    #expect(EvaluationStatistics.distinct(2, in: completions) == 2 / 4.0)
    #expect(EvaluationStatistics.distinct(5, in: completions) == 0)
  }

  @Test("entropy of answers")
  func entropy() {
    #expect(EvaluationStatistics.entropy(of: ["a", "a", nil]) == 0)
    #expect(abs(EvaluationStatistics.entropy(of: [1, 2, 3, 4]) - log(4)) < 1e-15)
    #expect(abs(EvaluationStatistics.entropy(of: [1, 1, 2]) - 0.636_514_168_294_813) < 1e-12)
    #expect(EvaluationStatistics.entropy(of: [nil, nil] as [Int?]) == 0)
  }
}
