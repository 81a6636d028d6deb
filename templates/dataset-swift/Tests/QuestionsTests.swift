import FoundationEssentials
import StepwisePlugin
import Testing

@testable import __MODULE__

@Suite struct QuestionsTests {
  func questions(_ parameters: String) throws -> Questions {
    var rows = try Questions(parameters: Parameters(json: parameters))
    try rows.read(String(contentsOfFile: "rows.tsv", encoding: .utf8), from: "rows.tsv")
    return rows
  }

  @Test func rowsOfTheFile() throws {
    let rows = try questions(#"{"demonstrations": true}"#)
    #expect(rows.count == 6)
    let first = rows.example(at: 0)
    #expect(first.prompt == .text("What is the capital of France?"))
    #expect(first.completion == .text(" Paris"))
    #expect(first.column("answer") == .text("Paris"))
  }

  @Test func questionsAlone() throws {
    #expect(try questions(#"{"demonstrations": false}"#).example(at: 0).completion == nil)
  }

  @Test func aLineWithoutATabIsNamed() throws {
    var rows = try Questions(parameters: Parameters())
    let error = #expect(throws: PluginFailure.self) {
      try rows.read("a\tb\nno tab here\n", from: "mine.tsv")
    }
    #expect(error?.message == "mine.tsv, line 2: no tab")
  }
}
