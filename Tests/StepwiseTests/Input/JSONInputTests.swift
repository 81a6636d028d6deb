import Foundation
import Testing
import Tokenizers

@testable import stepwise

@Suite struct JSONInputTests {
  private func input(_ text: String) throws -> JSONInput {
    JSONInput(value: try JSONValue(json: text.utf8), file: "in.json", path: "")
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func pathsNameTheValue() throws {
    let root = try input(#"{"a": {"b": [1, "x", 2.5]}, "n": null}"#)
    let list = try #require(try root.member("a")?.member("b")).elements()
    #expect(try list[0].whole() == 1)
    #expect(try list[2].real() == 2.5)
    #expect(try root.member("n") == nil)
    #expect(
      message { _ = try list[1].real() }
        == "in.json: a.b[1]: \"x\" is not a finite number. Write one."
    )
    #expect(message { _ = try list[2].whole() }.contains("a.b[2]: 2.5 is not a whole number"))
    #expect(message { _ = try root.required("c") }.contains("c is missing"))
    #expect(message { _ = try list[0].member("x") }.contains("a.b[0]: not an object"))
  }

  @Test func linesAreCounted() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "lines-\(UUID()).jsonl")
    try Data("{\"text\": \"a\"}\n\n  \n{\"text\": 5}\n".utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let lines = try JSONInput.readLines(file.path)
    #expect(lines.count == 2)
    #expect(
      message { _ = try lines[1].required("text").text() }.contains("line 4: text: 5 is not text")
    )
    try Data("{\"text\": \"a\"}\n{\"text\": \n".utf8).write(to: file)
    #expect(message { _ = try JSONInput.readLines(file.path) }.contains("line 2"))
  }

  @Test func idsMustBeInTheVocabulary() throws {
    let ids = try input("[0, 5, 63.0]")
    #expect(try ids.tokenIDs(vocabularySize: 64) == [0, 5, 63])
    #expect(message { _ = try ids.tokenIDs(vocabularySize: 63) }.contains("[2]: token id 63"))
    #expect(message { _ = try input("[-1]").tokenIDs(vocabularySize: 9) }.contains("token id -1"))
  }

  @Test func missingFilesAreNamed() {
    #expect(message { _ = try InputFile.bytes("/no/such") }.contains("/no/such: cannot read"))
  }
}
