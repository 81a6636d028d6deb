import Foundation
import Testing

@testable import RunStore

@Suite struct EvaluationDirectoryTests {
  private let settings: Record = ["seed": 1]

  private func records(_ range: Range<Int>) -> [Record] {
    range.map { ["row": RecordValue($0), "text": "two\nlines"] }
  }

  @Test func linesAreKeptUpToAWholePiece() throws {
    let temporary = try TemporaryDirectory()
    let url = temporary.url.appending(path: "new/eval")
    do {
      let directory = try EvaluationDirectory(at: url)
      #expect(try directory.settings() == nil)
      try directory.begin(settings)
      try directory.append(records(0..<3))
      try directory.append(records(3..<5))
    }
    // A kill in the middle of a write.
    let file = url.appending(path: EvaluationDirectory.generationsName)
    let handle = try FileHandle(forWritingTo: file)
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("{\"row\":5,\"te".utf8))
    try handle.close()
    #expect(try EvaluationDirectory.records(of: url) == records(0..<5))
    let again = try EvaluationDirectory(at: url)
    #expect(try again.settings() == settings)
    try again.keep(3)
    #expect(try again.records() == records(0..<3))
    try again.append(records(3..<6))
    #expect(try EvaluationDirectory.records(of: url) == records(0..<6))
    #expect(try EvaluationDirectory.results(of: url) == nil)
    try again.finish(["accuracy": 0.5])
    #expect(try EvaluationDirectory.results(of: url) == ["accuracy": 0.5])
  }

  @Test func keepingMoreThanThereIsDropsOnlyATornLine() throws {
    let temporary = try TemporaryDirectory()
    let directory = try EvaluationDirectory(at: temporary.url.appending(path: "eval"))
    try directory.begin(settings)
    try directory.append(records(0..<2))
    try directory.keep(7)
    #expect(try directory.records() == records(0..<2))
    try directory.keep(0)
    #expect(try directory.records() == [])
  }

  @Test func onlyAnEvaluationsDirectoryIsTaken() throws {
    let temporary = try TemporaryDirectory()
    try Data("x".utf8).write(to: temporary.url.appending(path: "thesis.tex"))
    #expect(throws: EvaluationDirectoryError.occupied(path: temporary.url.path, by: "thesis.tex")) {
      try EvaluationDirectory(at: temporary.url)
    }
    let file = temporary.url.appending(path: "thesis.tex")
    #expect(throws: EvaluationDirectoryError.notADirectory(path: file.path)) {
      try EvaluationDirectory(at: file)
    }
    #expect(throws: EvaluationDirectoryError.notAnEvaluation(path: temporary.url.path)) {
      try EvaluationDirectory.settings(of: temporary.url)
    }
  }

  @Test func oneProcessWritesAtATime() throws {
    let temporary = try TemporaryDirectory()
    let url = temporary.url.appending(path: "eval")
    let first = try EvaluationDirectory(at: url)
    #expect(throws: EvaluationDirectoryError.inUse(path: url.path)) {
      try EvaluationDirectory(at: url)
    }
    try first.begin(settings)
  }

  /// A kill between making the directory and writing the settings leaves an empty file, which is no stranger.
  @Test func aBeginningThatWasKilledIsBegunAgain() throws {
    let temporary = try TemporaryDirectory()
    let url = temporary.url.appending(path: "eval")
    do { _ = try EvaluationDirectory(at: url) }
    #expect(FileManager.default.fileExists(atPath: url.appending(path: "generations.jsonl").path))
    #expect(try EvaluationDirectory(at: url).settings() == nil)
  }

  @Test func indentedRecordsReadBack() throws {
    let long = String(repeating: "x", count: 90)
    let record: Record = [
      "a": 1, "empty": [], "list": [1, 2, .string(long)],
      "table": ["inner": .string(long), "b": nil],
    ]
    let text = record.indentedJSON
    #expect(try Record(json: Array(text.utf8)) == record)
    #expect(text.contains("\n  \"list\": [\n    1,\n    2,\n"))
    let small: Record = ["a": 1]
    #expect(small.indentedJSON == "{\"a\":1}")
  }
}
