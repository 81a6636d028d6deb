extension PromptMetric {
  /// How much the completions of one prompt differ.
  static func diversity(votes: Bool) -> [PromptMetric] {
    [distinctPaths, pathDiversity, distinctNumberPaths]
      + (votes ? [answerEntropy, distinctAnswers] : [])
      + (1...4).map(distinct)
  }

  /// How many different paths lead to a correct answer: normalised texts among the correct completions.
  static let distinctPaths = PromptMetric("distinct_paths", bounds: 0...(.infinity)) { prompt in
    Double(paths(prompt, by: EvaluationStatistics.normalisedText))
  }

  /// The same by the sequence of numbers in each correct completion: other words are the same path, another order or another
  /// intermediate result is another one. `nil` where a correct completion has no number at all.
  static let distinctNumberPaths = PromptMetric("distinct_number_paths", bounds: 0...(.infinity)) {
    prompt in
    let sequences = prompt.completions.filter(\.solved).map {
      EvaluationStatistics.numbers($0.text)
    }
    return sequences.contains(where: \.isEmpty) ? nil : Double(Set(sequences).count)
  }

  /// Of the correct completions after the first, the share that are another path than those before: 0 where all are the same text,
  /// 1 where no two are. `nil` with fewer than two correct ones, which cannot differ: unlike the number of paths it
  /// does not rise merely because more completions are correct.
  static let pathDiversity = PromptMetric("path_diversity") { prompt in
    guard prompt.correct > 1 else { return nil }
    let different = paths(prompt, by: EvaluationStatistics.normalisedText)
    return Double(different - 1) / Double(prompt.correct - 1)
  }

  /// Entropy of the answers, nats; `nil` where no completion answers.
  static let answerEntropy = PromptMetric("answer_entropy", bounds: 0...(.infinity)) { prompt in
    let answers = prompt.completions.map(\.answer)
    return answers.contains { $0 != nil } ? EvaluationStatistics.entropy(of: answers) : nil
  }

  /// How many different answers are given.
  static let distinctAnswers = PromptMetric("distinct_answers", bounds: 0...(.infinity)) { prompt in
    Double(Set(prompt.completions.compactMap(\.answer)).count)
  }

  /// distinct-n over the words of the prompt's completions; `nil` where none has n words.
  static func distinct(_ n: Int) -> PromptMetric {
    PromptMetric("distinct-\(n)") { prompt in
      let words = prompt.completions.map { EvaluationStatistics.words($0.text) }
      return words.contains { $0.count >= n } ? EvaluationStatistics.distinct(n, in: words) : nil
    }
  }

  private static func paths(_ prompt: EvaluatedPrompt, by form: (String) -> String) -> Int {
    Set(prompt.completions.filter(\.solved).map { form($0.text) }).count
  }
}
