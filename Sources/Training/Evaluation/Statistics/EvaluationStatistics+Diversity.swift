import Glibc

extension EvaluationStatistics {
  /// distinct-n (Li et al. 2016, arXiv 1510.03055): different n-grams over all n-grams of the completions.
  ///
  /// - Parameter completions: the words, or the tokens, of each completion.
  /// - Returns: 0 (without any n-gram) to 1.
  /// - Complexity: O(words * n).
  public static func distinct<Word: Hashable>(_ n: Int, in completions: [[Word]]) -> Double {
    precondition(n >= 1, "distinct-\(n)")
    var seen: Set<ArraySlice<Word>> = []
    var total = 0
    for completion in completions where completion.count >= n {
      for start in 0...(completion.count - n) {
        seen.insert(completion[start..<start + n])
        total += 1
      }
    }
    return total == 0 ? 0 : Double(seen.count) / Double(total)
  }

  /// Entropy of the distribution of a prompt's answers, nats: 0 where all completions agree.
  ///
  /// - Parameter answers: the answer of each completion; `nil`, no answer, is left out.
  public static func entropy<Answer: Hashable>(of answers: [Answer?]) -> Double {
    var position: [Answer: Int] = [:]
    var votes: [Int] = []
    for case let answer? in answers {
      if let index = position[answer] {
        votes[index] += 1
      } else {
        position[answer] = votes.count
        votes.append(1)
      }
    }
    let total = Double(votes.reduce(0, +))
    // In the order of first appearance: a dictionary's order differs from run to run, and with it the sum's last bits.
    return votes.reduce(0.0) { sum, count in
      let share = Double(count) / total
      return sum - share * log(share)
    }
  }
}
