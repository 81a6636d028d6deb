import Testing

@testable import KnightsAndKnaves

private struct Record: Decodable {
  let names: [String]
  let statements: [TaggedStatement]
  let solution: [Bool]
  let quiz: String
  let cot: [String]
  let templates: [Int]
}

@Suite(.enabled(if: TestData.hasShared, "needs the published records in ../shared/data/kk"))
struct PublishedDataTests {
  /// From statements, names and templates alone: solution, quiz and chain of thought, to the byte.
  @Test(arguments: [("test", 700), ("train", 6200)])
  func recordsAreReproduced(file: String, count: Int) throws {
    let records = try TestData.sharedRows("data/kk/\(file).jsonl.gz", as: Record.self)
    #expect(records.count == count)
    var (solutions, quizzes, thoughts) = (0, 0, 0)
    for record in records {
      let statements = record.statements.map(\.statement)
      let puzzle = try #require(Puzzle(statements: statements))
      let wording = Wording(names: record.names, templates: record.templates)
      let reasoning = Reasoning(statements: statements)
      solutions += puzzle.solution == record.solution ? 1 : 0
      quizzes += Array(puzzle.quiz(wording).utf8) == Array(record.quiz.utf8) ? 1 : 0
      let steps = reasoning.stepTexts(for: puzzle, wording: wording)
      thoughts += steps == record.cot && reasoning.isSolved ? 1 : 0
    }
    #expect(solutions == count)
    #expect(quizzes == count)
    #expect(thoughts == count)
  }

  /// The reason for splitting on the canonical form: renamings cross the published split.
  @Test func publishedSplitLeaksRenamings() throws {
    func forms(_ file: String) throws -> [CanonicalForm] {
      try TestData.sharedRows("data/kk/\(file).jsonl.gz", as: Record.self)
        .map { CanonicalForm(of: $0.statements.map(\.statement)) }
    }
    let train = Set(try forms("train"))
    let leaked = try forms("test").count { train.contains($0) }
    #expect(leaked == 98)
  }

  @Test func goldenRewards() throws {
    struct Case: Decodable {
      let prompt, response, ground_truth: String
      let score: Double
    }
    let cases = try TestData.sharedRows("data/golden/reward_kk.jsonl", as: Case.self)
    #expect(cases.count == 188)
    for (index, row) in cases.enumerated() {
      let gold = try #require(GoldAnswer(solutionText: row.ground_truth))
      let verdict = Verdict(
        form: .logicRL,
        prompt: row.prompt,
        completion: row.response,
        gold: gold
      )
      #expect(verdict.logicRLScore == row.score, "case \(index): \(row.response)")
    }
  }
}
