import Testing

@testable import KnightsAndKnaves

struct SolvingTests {
  /// Every assignment tried one by one, in the documented order.
  private func bruteForce(_ statements: [Statement]) -> [[Bool]] {
    let people = statements.count
    return (0..<(1 << people)).compactMap { number in
      let world = (0..<people).map { (number >> (people - 1 - $0)) & 1 == 0 }
      let solves = zip(statements, world).allSatisfy { $0.isTrue(in: world) == $1 }
      return solves ? world : nil
    }
  }

  @Test(arguments: 2...10)
  func agreesWithBruteForce(people: Int) {
    var random = SeededGenerator(1, UInt64(people))
    let sampler = StatementSampler(people: people, depth: 3, width: 3)
    for _ in 0..<(people > 7 ? 40 : 300) {
      let statements = sampler.statements(using: &random)
      let expected = bruteForce(statements)
      #expect(Puzzle.solutions(of: statements) == expected)
      #expect(Puzzle.solutions(of: statements, limit: 2) == Array(expected.prefix(2)))
      #expect(Puzzle(statements: statements)?.solution == (expected.count == 1 ? expected[0] : nil))
    }
  }

  @Test func aChainOfThirtyIsSolvedQuickly() {
    // Everybody says that the next one is a knave, and the last one that they differ from the first.
    let people = 30
    var statements = (0..<(people - 1)).map { Statement.knave($0 + 1) }
    statements.append(.iff(.knight(0), .knave(people - 1)))
    let solutions = Puzzle.solutions(of: statements)
    #expect(solutions == [(0..<people).map { !$0.isMultiple(of: 2) }])
  }

  /// The three ways to look at truth agree, for complete and for partial assignments.
  @Test func partialTruth() {
    var random = SeededGenerator(2)
    let people = 8
    let sampler = StatementSampler(people: people, depth: 4, width: 4)
    for _ in 0..<400 {
      let statement = sampler.statement(by: 0, using: &random)
      let known: [Bool?] = (0..<people).map { _ in [true, false, nil][random.below(3)] }
      let open = known.indices.filter { known[$0] == nil }
      var seen: Set<Bool> = []
      for number in 0..<(1 << open.count) {
        var world = known.map { $0 ?? false }
        for (bit, person) in open.enumerated() { world[person] = (number >> bit) & 1 == 1 }
        seen.insert(statement.isTrue(in: world))
      }
      #expect(statement.canBe(true, given: known) == seen.contains(true))
      #expect(statement.canBe(false, given: known) == seen.contains(false))
      if let decided = statement.kleene(known) { #expect(seen == [decided]) }
    }
  }

  @Test func chainOfThoughtEndsAtTheSolution() throws {
    for people in 2...8 {
      var generator = PuzzleGenerator(people: people...people, seed: 3)
      for _ in 0..<100 {
        let puzzle = try generator.next()
        let reasoning = Reasoning(statements: puzzle.statements)
        #expect(reasoning.isSolved)
        var roles: [Int: Bool] = [:]
        for case .assume(let person, let isKnight) in reasoning.steps { roles[person] = isKnight }
        // The last role assumed without a contradiction is the one that stayed.
        #expect((0..<people).map { roles[$0] } == puzzle.solution)
      }
    }
  }
}
