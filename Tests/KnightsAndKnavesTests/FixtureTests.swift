import Foundation
import Testing

@testable import KnightsAndKnaves

/// Rows of an independent implementation in Python, see Fixtures/make_fixtures.py.
struct FixtureTests {
  struct Row: Decodable {
    let statements: [TaggedStatement]
    let names: [String]
    let templates: [Int]
    let solution: [Bool]
    let quiz, numbered: String
    let cot, cot_short: [String]
    let terse_prompt, terse_short, terse_checks: String
  }

  @Test func puzzlesAreReproduced() throws {
    for row in try TestData.fixture("puzzles.jsonl", as: Row.self) {
      let puzzle = try #require(Puzzle(statements: row.statements.map(\.statement)))
      let wording = Wording(names: row.names, templates: row.templates)
      #expect(puzzle.solution == row.solution)
      #expect(puzzle.quiz(wording) == row.quiz)
      #expect(puzzle.numberedSolution(wording) == row.numbered)

      let reasoning = Reasoning(statements: puzzle.statements)
      #expect(reasoning.isSolved)
      #expect(reasoning.stepTexts(for: puzzle, wording: wording) == row.cot)
      #expect(
        reasoning.stepTexts(for: puzzle, wording: wording, repeatingClaims: false)
          == row.cot_short
      )

      #expect(TerseForm.prompt(puzzle, wording: wording) == row.terse_prompt)
      let answer = TerseForm.answer(puzzle, wording: wording)
      for (style, text) in [(ReasoningStyle.short, row.terse_short), (.checks, row.terse_checks)] {
        #expect(
          (TerseForm.stepTexts(reasoning, style: style, wording: wording) + [answer])
            .joined(separator: " ") == text
        )
      }
    }
  }

  @Test func unsolvableAndAmbiguousStatements() throws {
    struct Row: Decodable {
      let statements: [TaggedStatement]
      let solutions: [[Bool]]
      let solved: Bool
      let cot: [String]
    }
    for row in try TestData.fixture("unsolved.jsonl", as: Row.self) {
      let statements = row.statements.map(\.statement)
      #expect(Puzzle.solutions(of: statements) == row.solutions)
      #expect(Puzzle(statements: statements) == nil)
      let reasoning = Reasoning(statements: statements)
      #expect(reasoning.isSolved == row.solved)
      // The text needs a puzzle for its claims only, so the steps are compared without them.
      let kinds = reasoning.steps.map { step in
        switch step {
        case .assume: "Assume"
        case .conflict: "cannot"
        case .reconsider: "We have exhausted"
        }
      }
      #expect(kinds.count == row.cot.count)
      for (kind, text) in zip(kinds, row.cot) { #expect(text.contains(kind)) }
      #expect(
        reasoning.foot
          == (row.solved
            ? "This leads to a feasible solution."
            : "All the configurations lead to contradictions.")
      )
    }
  }

  /// The example in the dataset's README and in the reward's manifest.
  @Test func readmeExample() throws {
    let statements: [Statement] = [.not(.knight(1)), .iff(.knight(0), .knave(1))]
    let example = PuzzleExample(
      puzzle: try #require(Puzzle(statements: statements)),
      wording: Wording(names: ["Emma", "Liam"], templates: [0, 0]),
      form: .terse,
      demonstration: .cot
    )
    let plugins = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Plugins")
    for file in ["knights-and-knaves-dataset/README.md", "knights-and-knaves-reward/plugin.yaml"] {
      let text = try String(contentsOf: plugins.appending(path: file), encoding: .utf8)
      let words = text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
      #expect(words.contains(example.prompt))
      #expect(words.contains(try #require(example.completion)))
    }
  }

  @Test func statementsAsJSON() throws {
    let statement = Statement.implies(
      .and([.knight(0), .not(.knave(12))]),
      .or([.knave(1), .knight(2)])
    )
    #expect(
      statement.json
        == #"["->",["and",["telling-truth",0],["not",["lying",12]]],["or",["lying",1],["telling-truth",2]]]"#
    )
    #expect(statement.mentionedPeople == [0, 12, 1, 2])
    #expect(statement.depth == 4)
  }
}
