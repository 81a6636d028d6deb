import Testing

@testable import KnightsAndKnaves

struct CanonicalFormTests {
  /// The fixture's groups come from trying all numberings, in Python.
  @Test func sameFormExactlyForRenamings() throws {
    struct Row: Decodable {
      let statements: [TaggedStatement]
      let form: Int
    }
    var groupOf: [CanonicalForm: Int] = [:]
    var formOf: [Int: CanonicalForm] = [:]
    for row in try TestData.fixture("classes.jsonl", as: Row.self) {
      let form = CanonicalForm(of: row.statements.map(\.statement))
      #expect(form.isComplete)
      #expect(groupOf[form, default: row.form] == row.form, "two groups share a form")
      #expect(formOf[row.form, default: form] == form, "a group has two forms")
      groupOf[form] = row.form
      formOf[row.form] = form
    }
    #expect(groupOf.count > 40)
  }

  @Test(arguments: 2...8)
  func renamingKeepsTheForm(people: Int) throws {
    var generator = PuzzleGenerator(people: people...people, seed: 11)
    var random = SeededGenerator(12, UInt64(people))
    for _ in 0..<300 {
      let statements = try generator.next().statements
      let form = CanonicalForm(of: statements)
      #expect(form.isComplete)
      for _ in 0..<4 {
        let other = renamed(statements, using: &random)
        #expect(CanonicalForm(of: other) == form)
        #expect(CanonicalForm(of: other).digest == form.digest)
      }
    }
  }

  /// Two puzzles of a form are renamings: the search for one that maps the first to the second.
  @Test func differentPuzzlesHaveDifferentForms() throws {
    var generator = PuzzleGenerator(people: 3...3, seed: 13)
    var firstOf: [CanonicalForm: [Statement]] = [:]
    var collisions = 0
    for _ in 0..<4000 {
      let statements = try generator.next().statements
      let form = CanonicalForm(of: statements)
      guard let first = firstOf[form] else {
        firstOf[form] = statements
        continue
      }
      collisions += 1
      #expect(isRenaming(first, statements))
    }
    #expect(collisions > 100)
  }

  private func isRenaming(_ first: [Statement], _ second: [Statement]) -> Bool {
    let numberings = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    return numberings.contains { numbering in
      first.indices.allSatisfy { speaker in
        sorted(first[speaker].renumbered(numbering)) == sorted(second[numbering[speaker]])
      }
    }
  }

  private func sorted(_ statement: Statement) -> Statement {
    switch statement {
    case .knight, .knave, .implies: statement
    case .not(let child): .not(sorted(child))
    case .and(let children): .and(children.sorted { $0.json < $1.json })
    case .or(let children): .or(children.sorted { $0.json < $1.json })
    case .iff(let left, let right):
      left.json < right.json ? .iff(left, right) : .iff(right, left)
    }
  }

  @Test func symmetricPuzzles() {
    // A ring of nine has nine numberings of one cell each; everybody speaking of themselves has 9!.
    let ring = (0..<9).map { Statement.knight(($0 + 1) % 9) }
    #expect(CanonicalForm(of: ring).isComplete)
    var random = SeededGenerator(14)
    #expect(CanonicalForm(of: renamed(ring, using: &random)) == CanonicalForm(of: ring))
    let twoRings = (0..<9).map { Statement.knight($0 < 5 ? ($0 + 1) % 5 : 5 + ($0 - 4) % 4) }
    #expect(CanonicalForm(of: twoRings) != CanonicalForm(of: ring))

    let alone = (0..<9).map { Statement.knight($0) }
    #expect(!CanonicalForm(of: alone).isComplete)
    #expect(CanonicalForm(of: alone) == CanonicalForm(of: renamed(alone, using: &random)))
  }

  @Test(arguments: [2...2, 3...3, 4...4, 5...5, 8...8])
  func splitsAreDisjointForAllSeeds(people: ClosedRange<Int>) throws {
    var forms: [Split: Set<CanonicalForm>] = [:]
    var drawn: [Split: Int] = [:]
    for seed: UInt64 in 0..<4 {
      for split in Split.allCases {
        var generator = PuzzleGenerator(people: people, seed: seed, split: split)
        for _ in 0..<(people.lowerBound == 2 ? 40 : 600) {
          forms[split, default: []].insert(CanonicalForm(of: try generator.next().statements))
          drawn[split, default: 0] += 1
        }
      }
    }
    let (train, test) = (try #require(forms[.train]), try #require(forms[.test]))
    #expect(train.isDisjoint(with: test))
    #expect(train.allSatisfy { Split(of: $0) == .train })
    #expect(test.allSatisfy { Split(of: $0) == .test })
    #expect(!train.isEmpty && !test.isEmpty)
  }

  /// All puzzles of two and of three people, as the dataset's README counts them.
  @Test(arguments: [(2, 399, 95, 20), (3, 304_276, 15_088, 3_058)])
  func countsOfPuzzles(people: Int, puzzles: Int, forms: Int, test: Int) {
    let choices = (0..<people).map { speaker in
      let leaves =
        (0..<people).map { Statement.knight($0) }
        + (0..<people).filter { $0 != speaker }.map { Statement.knave($0) }
      let pairs = leaves.flatMap { left in
        leaves.filter { $0 != left }.flatMap { right -> [Statement] in
          [.and([left, right]), .or([left, right]), .implies(left, right), .iff(left, right)]
        }
      }
      return leaves + leaves.map { .not($0) } + pairs
    }
    var found = 0
    var seen: Set<CanonicalForm> = []
    func extend(_ statements: [Statement]) {
      if statements.count < people {
        for next in choices[statements.count] { extend(statements + [next]) }
      } else if Puzzle(statements: statements) != nil {
        found += 1
        seen.insert(CanonicalForm(of: statements))
      }
    }
    extend([])
    #expect(found == puzzles)
    #expect(seen.count == forms)
    #expect(seen.count { Split(of: $0) == .test } == test)
  }

  @Test func testShare() throws {
    var generator = PuzzleGenerator(people: 5...5, seed: 15)
    var test = 0
    for _ in 0..<4000 {
      test += Split(of: CanonicalForm(of: try generator.next().statements)) == .test ? 1 : 0
    }
    #expect(abs(Double(test) / 4000 - 1 / Double(Split.testShare)) < 0.026)
  }

  /// A split must not move between releases: a model could then be tested on what it was trained on.
  @Test func digestsArePinned() {
    let statements: [Statement] = [
      .knave(1), .and([.knight(0), .knave(2)]), .iff(.knight(2), .knight(1)),
    ]
    #expect(CanonicalForm(of: statements).digest == 16_723_071_907_536_677_969)
  }
}
