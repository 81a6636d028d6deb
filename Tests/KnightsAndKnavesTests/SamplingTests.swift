import Testing

@testable import KnightsAndKnaves

struct SamplingTests {
  private func form(_ statement: Statement) -> String {
    switch statement {
    case .knight, .knave: "leaf"
    case .not: "not"
    case .and: "and"
    case .or: "or"
    case .implies: "->"
    case .iff: "<=>"
    }
  }

  @Test func formsAndLeavesAreUniformBeforeRejection() {
    var random = SeededGenerator(5)
    let sampler = StatementSampler(people: 4)
    var forms: [String: Int] = [:]
    var leaves: [Statement: Int] = [:]
    let draws = 60_000
    for _ in 0..<draws {
      let statement = sampler.statement(by: 1, using: &random)
      forms[form(statement), default: 0] += 1
      if statement.depth == 1 { leaves[statement, default: 0] += 1 }
    }
    // Four standard deviations of a binomial share.
    #expect(forms.count == 6)
    for (form, count) in forms {
      #expect(abs(Double(count) / Double(draws) - 1 / 6.0) < 0.0061, "\(form): \(count)")
    }
    // 2n - 1 leaves: the speaker never says "I am a knave".
    #expect(leaves.count == 7)
    #expect(leaves[.knave(1)] == nil)
    let total = Double(leaves.values.reduce(0, +))
    for (leaf, count) in leaves {
      #expect(abs(Double(count) / total - 1 / 7.0) < 0.014, "\(leaf): \(count)")
    }
  }

  @Test func nobodyCallsThemselvesAKnaveAndChildrenDiffer() {
    var random = SeededGenerator(6)
    for (people, depth, width) in [(2, 2, 2), (2, 2, 3), (3, 3, 5), (8, 4, 4)] {
      let sampler = StatementSampler(people: people, depth: depth, width: width)
      var widest = 0
      for draw in 0..<3000 {
        let speaker = draw % people
        let statement = sampler.statement(by: speaker, using: &random)
        statement.forEachLeaf { person, isKnight in
          #expect(isKnight || person != speaker)
          #expect((0..<people).contains(person))
        }
        #expect(statement.depth <= depth)
        widest = max(widest, widestDifferingOperator(statement))
      }
      #expect(widest == width)
    }
  }

  private func widestDifferingOperator(_ statement: Statement) -> Int {
    switch statement {
    case .knight, .knave: return 0
    case .not(let child): return widestDifferingOperator(child)
    case .and(let children), .or(let children):
      #expect(Set(children).count == children.count)
      return max(children.count, children.map(widestDifferingOperator).max() ?? 0)
    case .implies(let left, let right), .iff(let left, let right):
      #expect(left != right)
      return max(widestDifferingOperator(left), widestDifferingOperator(right))
    }
  }

  /// The shares in the published data, in runs of the published sizes, within three standard errors
  /// of the published sample.
  ///
  /// The size matters: 300 of the 399 two-person puzzles are most of them, each drawn once.
  @Test(arguments: [
    (2, 20, 300, [0.100, 0.092, 0.160, 0.185, 0.212, 0.252], 0.527),
    (3, 6, 1100, [0.158, 0.135, 0.171, 0.170, 0.180, 0.186], 0.537),
    (8, 4, 1100, [0.161, 0.163, 0.164, 0.174, 0.171, 0.168], 0.545),
  ])
  func sharesAfterRejection(
    people: Int,
    runs: Int,
    puzzles: Int,
    shares: [Double],
    knightShare: Double
  ) throws {
    var forms: [String: Int] = [:]
    var knights = 0
    for run in 0..<runs {
      var generator = PuzzleGenerator(people: people...people, seed: UInt64(run))
      for _ in 0..<puzzles {
        let puzzle = try generator.next()
        for statement in puzzle.statements { forms[form(statement), default: 0] += 1 }
        knights += puzzle.solution.count { $0 }
      }
    }
    let total = Double(runs * puzzles * people)
    func standardError(_ share: Double) -> Double {
      (share * (1 - share) / Double(puzzles * people)).squareRoot()
    }
    for (form, share) in zip(["leaf", "not", "and", "or", "->", "<=>"], shares) {
      let measured = Double(forms[form] ?? 0) / total
      #expect(abs(measured - share) < 3 * standardError(share), "\(form): \(measured)")
    }
    #expect(abs(Double(knights) / total - knightShare) < 3 * standardError(knightShare))
  }

  @Test func generatorStreams() {
    var first = SeededGenerator(1, 2)
    var second = SeededGenerator(1, 2)
    var other = SeededGenerator(2, 1)
    let values = (0..<100).map { _ in first.next() }
    #expect(values == (0..<100).map { _ in second.next() })
    #expect(Set(values).isDisjoint(with: (0..<100).map { _ in other.next() }))

    var counts = [Int](repeating: 0, count: 6)
    for _ in 0..<60_000 { counts[first.below(6)] += 1 }
    for count in counts { #expect(abs(count - 10_000) < 400) }
    for _ in 0..<200 {
      let chosen = first.choose(5, from: 9)
      #expect(Set(chosen).count == 5 && chosen.allSatisfy { (0..<9).contains($0) })
    }
  }
}
