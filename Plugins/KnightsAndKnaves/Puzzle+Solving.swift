extension Puzzle {
  /// All assignments that solve the puzzle, knight before knave and person 0 slowest.
  ///
  /// The people before the last six are assigned one by one, and a branch is left as soon as one of
  /// them contradicts what they said; the last six are decided together in the 64 lanes of a word.
  /// - Parameter limit: The search stops after this many solutions.
  /// - Complexity: O(2^n / 64) walks over the statements without any pruning.
  public static func solutions(of statements: [Statement], limit: Int = .max) -> [[Bool]] {
    var search = SolutionSearch(statements: statements, limit: limit)
    search.descend(from: 0)
    return search.found
  }
}

private struct SolutionSearch {
  let statements: [Statement]
  let limit: Int
  let prefix: Int
  var known: [Bool?]
  var knights: [UInt64]
  var found: [[Bool]] = []

  init(statements: [Statement], limit: Int) {
    self.statements = statements
    self.limit = limit
    let people = statements.count
    prefix = max(0, people - lanePatterns.count)
    known = prefix > 0 ? Array(repeating: nil, count: people) : []
    knights = Array(repeating: 0, count: people)
    for person in prefix..<people { knights[person] = lanePatterns[people - 1 - person] }
  }

  mutating func descend(from person: Int) {
    guard person < prefix else { return decideLastPeople() }
    for isKnight in [true, false] where found.count < limit {
      known[person] = isKnight
      knights[person] = isKnight ? .max : 0
      if isConsistent(through: person) { descend(from: person + 1) }
    }
    known[person] = nil
  }

  /// Whether no one in 0...last is already known to contradict their own statement.
  func isConsistent(through last: Int) -> Bool {
    for speaker in 0...last {
      if let truth = statements[speaker].kleene(known), truth != known[speaker] { return false }
    }
    return true
  }

  mutating func decideLastPeople() {
    let free = statements.count - prefix
    var solving = laneMask(bits: free)
    for (speaker, statement) in statements.enumerated() {
      solving &= ~(knights[speaker] ^ statement.lanes(knights))
      if solving == 0 { return }
    }
    while solving != 0, found.count < limit {
      let lane = UInt64(solving.trailingZeroBitCount)
      found.append(knights.map { ($0 >> lane) & 1 == 1 })
      solving &= solving &- 1
    }
  }
}
