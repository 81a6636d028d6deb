extension EvaluationStatistics {
  /// The answer that most completions give; of equally frequent ones, the one that was given first.
  ///
  /// - Parameter answers: the answer of each completion, in the order of generation; `nil` does not vote.
  /// - Returns: the answer, or `nil` without a vote.
  public static func majority<Answer: Hashable>(of answers: some Sequence<Answer?>) -> Answer? {
    var votes: [Answer: Int] = [:]
    var order: [Answer] = []
    for case let answer? in answers {
      if votes[answer, default: 0] == 0 { order.append(answer) }
      votes[answer, default: 0] += 1
    }
    var winner: Answer?
    var most = 0
    for answer in order where votes[answer]! > most {
      winner = answer
      most = votes[answer]!
    }
    return winner
  }

  /// maj@k of one prompt: whether the majority answer of the first `k` completions is correct.
  ///
  /// - Parameters:
  ///   - k: how many vote, 1 to `answers.count`.
  ///   - answers: the answer of each completion; `nil` where it gives none.
  ///   - correct: whether each completion is correct; equal answers are taken to be equally correct.
  public static func majority<Answer: Hashable>(
    at k: Int,
    answers: [Answer?],
    correct: [Bool]
  ) -> Bool {
    precondition(1 <= k && k <= answers.count, "maj@\(k) of \(answers.count) completions")
    precondition(
      answers.count == correct.count,
      "\(answers.count) answers and \(correct.count) outcomes"
    )
    guard let winner = majority(of: answers.prefix(k)) else { return false }
    return correct[answers.firstIndex(of: winner)!]
  }
}
