import StepwisePlugin

/// Punishes n-grams that come again.
///
///     score = max_penalty * (1 - different n-grams / n-grams)
///
/// open-r1's `get_repetition_penalty_reward` (Yeo et al., 2025, "Demystifying long chain-of-thought reasoning").
struct RepetitionReward: Reward {
  static var id: String? { "org.stepwise.reward.repetition" }
  static var concurrency: Concurrency { .threadSafe }

  private let size: Int
  private let maximum: Double
  private let unit: TextUnit

  init(parameters: Parameters) throws {
    size = try parameters.int("ngram_size", default: 3)
    maximum = try parameters.double("max_penalty", default: -1)
    unit = try parameters.choice("unit", default: .words)
  }

  var declaration: RewardDeclaration { RewardDeclaration(name: "repetition", range: maximum...0) }

  func score(_ item: RewardItem) -> Score {
    switch unit {
    case .tokens: return score(item.completionIDs)
    case .characters: return score(Array(item.completion.unicodeScalars))
    case .words: return score(TextUnit.words(item.completion.lowercased()).map(Array.init))
    }
  }

  private func score<Unit: Hashable>(_ units: [Unit]) -> Score {
    guard units.count >= size else { return 0 }
    // Numbers in place of units, so that an n-gram is cheap to compare.
    var numbers: [Unit: Int32] = [:]
    let sequence = units.map { unit -> Int32 in
      if let number = numbers[unit] { return number }
      let number = Int32(truncatingIfNeeded: numbers.count)
      numbers[unit] = number
      return number
    }
    let total = sequence.count - size + 1
    var different: Set<ArraySlice<Int32>> = []
    for start in 0..<total { different.insert(sequence[start..<(start + size)]) }
    return .value(maximum * (1 - Double(different.count) / Double(total)))
  }
}
