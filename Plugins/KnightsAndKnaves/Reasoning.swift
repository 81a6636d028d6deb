/// One step of the search that a chain of thought tells.
public enum ReasoningStep: Hashable, Sendable {
  /// The person is assumed to have the role, and nobody's statement rules it out.
  case assume(person: Int, isKnight: Bool)
  /// The person cannot have the role, because then `by`, who has the role `byIsKnight`, could not
  /// have said what they said.
  case conflict(person: Int, isKnight: Bool, by: Int, byIsKnight: Bool)
  /// The exhausted people, last one first, have no role left to try: back to `person`.
  case reconsider(person: Int, exhausted: [Int])
}

/// The search for a solution as a person would do it: assume, look for a contradiction, go back.
public struct Reasoning: Hashable, Sendable {
  /// The steps in order.
  public let steps: [ReasoningStep]
  /// Whether the search ended at an assignment without a contradiction.
  public let isSolved: Bool

  /// Searches, person 0 first, knight before knave.
  ///
  /// After an assumption that holds, the people whom the assumed person speaks of are considered next.
  /// - Complexity: Exponential in the number of people at worst; a dozen steps for most puzzles of 8.
  public init(statements: [Statement]) {
    var search = ReasoningSearch(statements: statements)
    isSolved = search.run()
    steps = search.steps
  }
}

private struct ReasoningSearch {
  let statements: [Statement]
  var steps: [ReasoningStep] = []
  var known: [Bool?]
  var order: [Int]
  /// How many of the two roles each person has been given since they were last reset.
  var tried: [Int]

  init(statements: [Statement]) {
    self.statements = statements
    known = Array(repeating: nil, count: statements.count)
    order = Array(statements.indices)
    tried = Array(repeating: 0, count: statements.count)
  }

  mutating func run() -> Bool {
    var cursor = 0
    while cursor < order.count {
      if tried[order[cursor]] == 2 {
        guard let earlier = goBack(from: cursor) else { return false }
        cursor = earlier
      }
      let person = order[cursor]
      let isKnight = tried[person] == 0
      tried[person] += 1
      known[person] = isKnight
      if let other = firstContradicted() {
        steps.append(
          .conflict(
            person: person,
            isKnight: isKnight,
            by: other,
            byIsKnight: known[other] == true
          )
        )
      } else {
        steps.append(.assume(person: person, isKnight: isKnight))
        cursor += 1
        bringForward(statements[person].mentionedPeople, from: cursor)
      }
    }
    return true
  }

  /// Resets the people who have no role left and returns the position of the one before them.
  private mutating func goBack(from cursor: Int) -> Int? {
    var cursor = cursor
    var exhausted: [Int] = []
    while cursor >= 0, tried[order[cursor]] == 2 {
      let person = order[cursor]
      tried[person] = 0
      known[person] = nil
      exhausted.append(person)
      cursor -= 1
    }
    guard cursor >= 0 else { return nil }
    steps.append(.reconsider(person: order[cursor], exhausted: exhausted))
    return cursor
  }

  /// The first person, by number, whose role and statement no choice of the unknown people reconciles.
  private func firstContradicted() -> Int? {
    known.indices.first { person in
      known[person].map { !statements[person].canBe($0, given: known) } ?? false
    }
  }

  /// Puts the mentioned people first among those from `cursor` on; the others keep their order.
  private mutating func bringForward(_ mentioned: [Int], from cursor: Int) {
    let open = order[cursor...]
    let first = mentioned.filter { open.contains($0) }
    order.replaceSubrange(cursor..., with: first + open.filter { !first.contains($0) })
  }
}
