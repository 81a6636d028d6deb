import Components
import Foundation
import Testing

@Suite("jsonl, files")
struct JSONLFileTests {
  static let fixtures = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures")

  private func dataset(_ path: String, _ parameters: ParameterValue = [:]) throws -> any Dataset {
    try shippedDataset("jsonl", merge(["path": .string(path)], parameters))
  }

  @Test("gzip, of one member and of two", arguments: ["rows.jsonl.gz", "two-members.jsonl.gz"])
  func gzip(name: String) throws {
    let dataset = try dataset(Self.fixtures.appendingPathComponent(name).path)
    #expect(dataset.count == 4_000)
    let rows = try dataset.examples(in: 0..<4_000)
    for (index, row) in rows.enumerated() {
      #expect(row.id == UInt64(index))
      #expect(row.prompt == .text("\(index) + \(index) ="))
      #expect(row.completion == .text(" \(2 * index)"))
      guard case .text(let noise)? = row.column("noise") else {
        Issue.record("row \(index) has no noise")
        continue
      }
      #expect(noise.unicodeScalars.count == index % 300)
    }
  }

  @Test("a relative path starts where the caller says")
  func relativePath() throws {
    let base = Self.fixtures.deletingLastPathComponent().path
    let dataset = try shippedDataset("jsonl", ["path": "Fixtures/rows.jsonl.gz"], from: base)
    #expect(dataset.count == 4_000)
    let error = try #require(throws: (any Error).self) {
      try shippedDataset("jsonl", ["path": "rows.jsonl.gz"], from: base)
    }
    #expect("\(error)".contains("\(base)/rows.jsonl.gz cannot be found"), "\(error)")
  }

  @Test("ranges come in any order")
  func ranges() throws {
    let dataset = try dataset(Self.fixtures.appendingPathComponent("rows.jsonl.gz").path)
    let all = try dataset.examples(in: 0..<100)
    for range in [90..<100, 0..<1, 40..<60, 40..<60, 99..<100] {
      #expect(try dataset.examples(in: range) == Array(all[range]))
    }
  }

  @Test("blank lines, CRLF, a byte-order mark and a missing last line feed are no rows")
  func lines() throws {
    let file = try TemporaryFile(
      [0xEF, 0xBB, 0xBF]
        + Array(
          "{\"prompt\":\"a\"}\r\n\r\n  \n{\"prompt\":\"b\u{2028}\"}\n\t{\"prompt\":\"c\"}".utf8
        )
    )
    let rows = try dataset(file.path).examples(in: 0..<3)
    #expect(rows.map(\.prompt.plain) == ["a", "b\u{2028}", "c"])
    #expect(rows.map(\.id) == [0, 1, 2])
  }

  @Test("skip and limit choose rows and leave their ids alone")
  func slices() throws {
    let path = Self.fixtures.appendingPathComponent("rows.jsonl.gz").path
    let part = try dataset(path, ["skip": 100, "limit": 50])
    #expect(part.count == 50)
    #expect(try part.examples(in: 0..<50).map(\.id) == (100..<150).map(UInt64.init))
    #expect(try dataset(path, ["skip": 3_990, "limit": 50]).count == 10)
  }

  @Test("a checkpoint knows whether the file is still the same")
  func changedFile() throws {
    let file = try TemporaryFile("{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n")
    let state = try dataset(file.path).saveState()
    let same = try dataset(file.path)
    try same.loadState(state)
    #expect(try same.examples(in: 1..<2)[0].prompt == .text("b"))

    try Data("{\"prompt\":\"a\"}\n{\"prompt\":\"c\"}\n".utf8)
      .write(to: URL(fileURLWithPath: file.path))
    let error = try #require(throws: (any Error).self) {
      try dataset(file.path).loadState(state)
    }
    #expect("\(error)".contains("is not what it was when the checkpoint was written"))
    for bytes in [[], [1, 2, 3], Array(state.dropLast())] as [[UInt8]] {
      #expect(throws: (any Error).self) { try dataset(file.path).loadState(bytes) }
    }
  }
}

/// Each fault is named with file, line or byte, column, and a cure.
@Suite("jsonl, faults")
struct JSONLFaultTests {
  private func message(_ bytes: [UInt8], _ parameters: ParameterValue = [:]) throws -> String {
    let file = try TemporaryFile(bytes)
    let error = try #require(throws: (any Error).self) {
      try shippedDataset("jsonl", merge(["path": .string(file.path)], parameters))
    }
    return "\(error)"
  }

  private static let good = "{\"prompt\":\"a\"}\n"

  @Test(
    "rows",
    arguments: [
      ("{\"prompt\": \"a\"", ["not JSON at byte 14", "closing brace"]),
      ("{\"prompt\": \"a\\x\"}", ["not JSON at byte", "escape"]),
      ("{\"prompt\": \"\\ud83d\"}", ["surrogate"]),
      ("{\"prompt\": NaN}", ["not JSON at byte 11"]),
      ("{\"prompt\": 01}", ["leading zero"]),
      ("[1, 2]", ["a list, not an object", "jq -c"]),
      ("\"a\"", ["text, not an object"]),
      ("{}", ["no column prompt, messages, conversations or text", "the row has no columns"]),
      ("{\"question\": \"a\"}", ["no column prompt", "prompt_column", "the row has question"]),
      ("{\"prompt\": 3}", ["column 'prompt'", "neither text nor messages"]),
      ("{\"text\": 3}", ["column 'text' is a whole number"]),
      ("{\"prompt\": \"a\", \"completion\": {}}", ["column 'completion' is an object"]),
      ("{\"messages\": []}", ["column 'messages' is empty"]),
      ("{\"messages\": \"a\"}", ["column 'messages' is text"]),
      ("{\"messages\": [{\"content\": \"a\"}]}", ["turn 1", "no role"]),
      (
        "{\"messages\": [{\"role\": \"bot\", \"content\": \"a\"}]}",
        ["turn 1", "'bot'", "assistant"]
      ),
      (
        "{\"messages\": [{\"role\": \"user\", \"content\": [1]}]}",
        ["turn 1", "content is no text"]
      ),
      (
        "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\"}]}",
        ["an answer but no question"]
      ),
    ]
  )
  func rows(line: String, words: [String]) throws {
    let message = try message(Array((Self.good + "\n" + line + "\n").utf8))
    #expect(message.contains("rows.jsonl:3: "))
    for word in words { #expect(message.contains(word), "\(message)") }
  }

  @Test("bytes that are not UTF-8 are named by their place")
  func notUTF8() throws {
    let message = try message(
      Array(Self.good.utf8) + Array("{\"prompt\":\"ab".utf8) + [0xC3, 0x28, 0x22, 0x7D]
    )
    #expect(message.contains("rows.jsonl:2: not UTF-8 at byte 13; "))
    #expect(message.contains("iconv"))
  }

  @Test("named columns that a row lacks")
  func named() throws {
    let line = Array("{\"prompt\": \"a\", \"n\": \"x\", \"m\": null}\n".utf8)
    for (parameters, words) in [
      (["prompt_column": "q"], ["column 'q'", "prompt_column", "missing", "prompt, n, m"]),
      (["completion_column": "m"], ["column 'm'", "completion_column", "null"]),
      (["difficulty_column": "n"], ["column 'n' is text, not a number"]),
      (["prompt_template": "{q}"], ["column 'q'", "prompt_template"]),
      (["prompt_template": "{m}"], ["column 'm'", "null"]),
    ] as [(ParameterValue, [String])] {
      let message = try message(line, parameters)
      #expect(message.contains("rows.jsonl:1: "))
      for word in words { #expect(message.contains(word), "\(message)") }
    }
    // Rows of messages or text hold their completion themselves: another would be passed over.
    for row in [
      "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"answer\": \"b\"}\n",
      "{\"text\": \"a\", \"answer\": \"b\"}\n",
    ] {
      let message = try message(Array(row.utf8), ["completion_column": "answer"])
      #expect(message.contains("rows.jsonl:1: completion_column is 'answer'"), "\(message)")
      #expect(message.contains("prompt_column"), "\(message)")
    }
    for template in ["{", "}", "a{}b", "{a{b}}", "{a"] {
      #expect(
        try message(line, ["prompt_template": .string(template)]).contains(
          "prompt_template: a brace"
        )
      )
    }
    #expect(
      try message(line, ["prompt_template": "{n}", "prompt_column": "n"]).contains("both given")
    )
  }

  @Test("files that are empty, a list, a folder or not there")
  func files() throws {
    #expect(try message([]).contains("the file has no row"))
    #expect(try message(Array("\n \r\n".utf8)).contains("the file has no row"))
    #expect(
      try message(Array("\n[{\"prompt\": \"a\"}]".utf8)).contains("a JSON list, not JSON Lines")
    )
    #expect(
      try message(Array(Self.good.utf8), ["skip": 1]).contains("skip 1 leaves none of the 1 rows")
    )
    let missing = try #require(throws: (any Error).self) {
      try shippedDataset("jsonl", ["path": "/nowhere/rows.jsonl"])
    }
    #expect("\(missing)".contains("'path' is \"/nowhere/rows.jsonl\""), "\(missing)")
    #expect("\(missing)".contains("/nowhere/rows.jsonl cannot be found: No such file"))
    let folder = try #require(throws: (any Error).self) {
      try shippedDataset("jsonl", ["path": "/tmp"])
    }
    #expect("\(folder)".contains("/tmp is a folder"))
    let none = try #require(throws: (any Error).self) { try shippedDataset("jsonl", [:]) }
    #expect("\(none)".contains("path"))
  }

  @Test("a gzip file that is cut, damaged or followed by something else")
  func gzip() throws {
    let whole = [UInt8](
      try Data(contentsOf: JSONLFileTests.fixtures.appendingPathComponent("rows.jsonl.gz"))
    )
    for length in [2, 9, 10, 11, 100, whole.count / 2, whole.count - 8, whole.count - 1] {
      let message = try message(Array(whole.prefix(length)))
      #expect(
        message.contains("ends in the middle, after \(length) bytes"),
        "\(length): \(message)"
      )
    }
    for index in [3, 500, whole.count / 2, whole.count - 6, whole.count - 2] {
      var bytes = whole
      bytes[index] ^= 0x55
      #expect(try message(bytes).contains("gzip"), "byte \(index)")
    }
    #expect(try message(whole + Array("more".utf8)).contains("damaged gzip data"))
  }
}
