/// How much a chain of thought says.
public enum ReasoningStyle: String, CaseIterable, Sendable {
  /// Each step repeats the claim that it rests on, as in the published data.
  case long
  /// Steps name people and roles only.
  case short
  /// `terse` form only: each step lists whom it examined, one verdict each.
  case checks
}

extension Reasoning {
  /// The sentence before the steps.
  public static let head =
    "Let's think step by step, by considering whether each person is lying and if that leads to "
    + "contradiction."

  /// The sentence after the steps.
  public var foot: String {
    isSolved
      ? "This leads to a feasible solution." : "All the configurations lead to contradictions."
  }

  /// The steps in English, one text each.
  /// - Parameter repeatingClaims: The long form; false leaves the claims out.
  public func stepTexts(
    for puzzle: Puzzle,
    wording: Wording,
    repeatingClaims: Bool = true
  ) -> [String] {
    let (names, roles) = (wording.names, wording.roles)
    func claim(of person: Int) -> String {
      repeatingClaims
        ? " that \(puzzle.statements[person].text(names: names, roles: roles))" : ""
    }
    return steps.map { step in
      switch step {
      case .assume(let person, let isKnight):
        let assumption = "Assume \(names[person]) is \(roles.withArticle(isKnight))."
        guard repeatingClaims else { return assumption }
        let kind = isKnight ? "claim" : "false claim"
        return "\(assumption) No contradiction is found in their \(kind)\(claim(of: person))."
      case .conflict(let person, let isKnight, let other, let otherIsKnight):
        let kind = otherIsKnight ? "claim" : "false claim"
        let owner = other == person ? "their own" : names[other]
        return "\(names[person]) cannot be \(roles.withArticle(isKnight)), because this would "
          + "contradict the \(kind) of \(owner)\(claim(of: other))."
      case .reconsider(let person, let exhausted):
        return "We have exhausted all possibilities for \(listed(exhausted.map { names[$0] })), "
          + "so let us go back and reconsider \(names[person])."
      }
    }
  }
}

/// `A`, `A and B`, or `A, B, and C`.
private func listed(_ names: [String]) -> String {
  switch names.count {
  case 0...1: names.first ?? ""
  case 2: "\(names[0]) and \(names[1])"
  default: names.dropLast().joined(separator: ", ") + ", and " + names[names.count - 1]
  }
}
