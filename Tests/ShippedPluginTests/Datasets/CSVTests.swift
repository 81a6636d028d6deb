import Components
import Foundation
import Testing

@Suite("csv, and rows that cannot be used")
struct CSVTests {
  private func dataset(
    _ text: String,
    _ parameters: ParameterValue = [:],
    plugin: String = "csv"
  ) throws -> any Dataset {
    let file = try TemporaryFile(text, name: "rows.\(plugin)")
    return try shippedDataset(plugin, merge(["path": .string(file.path)], parameters))
  }

  private func failure(
    _ text: String,
    _ parameters: ParameterValue = [:],
    plugin: String = "csv"
  ) throws -> String {
    let error = try #require(throws: (any Error).self) {
      try dataset(text, parameters, plugin: plugin)
    }
    return "\(error)"
  }

  @Test("quotes, doubled quotes, delimiters and line breaks inside fields, CRLF, a byte-order mark")
  func forms() throws {
    let text =
      "\u{FEFF}prompt,completion,note\r\n"
      + "a,b,c\r\n\"say \"\"hi\"\"\",\"x,y\",\"two\r\nlines\"\r\n\r\nlast,\" z\","
    let rows = try dataset(text).examples(in: 0..<3)
    #expect(rows.map(\.prompt.plain) == ["a", "say \"hi\"", "last"])
    #expect(rows.map { $0.completion?.plain } == ["b", "x,y", " z"])
    #expect(rows.map { $0.column("note") } == [.text("c"), .text("two\r\nlines"), .null])
    #expect(rows.map(\.id) == [0, 1, 2])
  }

  @Test("another delimiter, numbers as difficulty, turns in JSON, a template")
  func parameters() throws {
    let text = "messages;level\n\"[{\"\"role\"\":\"\"user\"\",\"\"content\"\":\"\"hi\"\"}]\";2.5\n"
    let row = try dataset(text, ["delimiter": ";", "difficulty_column": "level"])
      .examples(in: 0..<1)[0]
    #expect(row.prompt == .messages([Message(role: "user", content: "hi")]))
    #expect(row.difficulty == 2.5)
    let templated = try dataset(
      "q\tn\nwhat\t3\n",
      ["delimiter": "\t", "prompt_template": "{q}?{n}"]
    )
    #expect(try templated.examples(in: 0..<1)[0].prompt == .text("what?3"))
    #expect(try failure("a\nb\n", ["delimiter": "ab"]).contains("delimiter 'ab'"))
  }

  @Test(
    "faults with their line",
    arguments: [
      ("prompt\na,b\n", "rows.csv:2: the row has 2 fields, the first line names 1"),
      ("prompt\n\"a\nb\n", "rows.csv:2: a quote is opened and never closed"),
      ("prompt\na\"b\n\"c\n", "rows.csv:2: "),
      ("prompt\n\"a\"b\n", "rows.csv:2: field 1 goes on after its closing quote"),
      ("prompt,prompt\na,b\n", "rows.csv:1: the name of column 2 is 'prompt' again"),
      ("prompt,\na,b\n", "rows.csv:1: the name of column 2 is empty"),
      ("", "the file has no row"), ("prompt\n", "the file has no row"),
      ("messages\n\"[{\"\n", "rows.csv:2: column 'messages': not JSON"),
    ]
  )
  func faults(text: String, words: String) throws {
    let message = try failure(text)
    #expect(message.contains(words), "\(message)")
  }

  @Test("gzip, by its first bytes")
  func gzip() throws {
    let plain = "prompt,completion\na,b\n"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-c"]
    let (input, output) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput) = (input, output)
    try process.run()
    input.fileHandleForWriting.write(Data(plain.utf8))
    try input.fileHandleForWriting.close()
    let packed = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let file = try TemporaryFile(Array(packed), name: "rows.csv.gz")
    let dataset = try shippedDataset("csv", ["path": .string(file.path)])
    #expect(try dataset.examples(in: 0..<1)[0].completion == .text("b"))
  }

  // MARK: - Bad rows

  private static let lines = [
    "{\"prompt\": \"a\", \"completion\": \"b\", \"answer\": \"1\"}",
    "{\"prompt\": \"a\", \"completion\": \"\"}",
    "{\"prompt\": \"\"}",
    "{\"prompt\": \"a\", \"completion\": \"b\", \"answer\": 1}",
    "{\"question\": \"a\"}",
    "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"\"}]}",
    "not json",
    "{\"prompt\": \"c\", \"completion\": \"d\", \"answer\": \"2\"}",
  ]

  @Test("each bad row is an error of its own, and skipped where that is allowed")
  func skipping() throws {
    let text = Self.lines.joined(separator: "\n") + "\n"
    let rest = try dataset(text, ["on_bad_row": "skip"], plugin: "jsonl")
    #expect(try rest.examples(in: 0..<2).map(\.id) == [0, 7])
    #expect(rest.count == 2)
    let words = [
      "the completion is empty", "the prompt is empty",
      "column 'answer' is a number, and text in", "no column prompt", "the completion is empty",
      "not JSON",
    ]
    for (line, words) in zip(Self.lines[1...6], words) {
      let message = try failure(Self.lines[0] + "\n" + line + "\n", plugin: "jsonl")
      #expect(message.contains("rows.jsonl:2: "), "\(message)")
      #expect(message.contains(words), "\(message)")
    }
    #expect(
      try failure("{\n", ["on_bad_row": "skip"], plugin: "jsonl").contains("all of the 1 rows")
    )
  }

  @Test("bytes that are not UTF-8 and rows that are too long can be skipped too")
  func bytes() throws {
    let good = Array("{\"prompt\":\"a\"}\n".utf8)
    let bad = Array("{\"prompt\":\"".utf8) + [0xFF] + Array("\"}\n".utf8)
    let long = Array("{\"prompt\":\"\(String(repeating: "a", count: 100))\"}\n".utf8)
    let file = try TemporaryFile(good + bad + long + good)
    func dataset(_ parameters: ParameterValue) throws -> any Dataset {
      try shippedDataset("jsonl", merge(["path": .string(file.path)], parameters))
    }
    #expect(
      try dataset(["on_bad_row": "skip", "max_row_bytes": 100]).examples(in: 0..<2).map(\.id)
        == [0, 3]
    )
    let error = try #require(throws: (any Error).self) {
      try dataset(["max_row_bytes": 100, "skip": 2])
    }
    #expect("\(error)".contains("rows.jsonl:3: the row has 113 bytes, more than max_row_bytes 100"))
  }

  @Test("an empty list has no type: it may be one of turns, or of texts")
  func emptyLists() throws {
    let text =
      "{\"prompt\":\"a\",\"history\":[]}\n"
      + "{\"prompt\":\"b\",\"history\":[{\"role\":\"user\",\"content\":\"c\"}]}\n"
      + "{\"prompt\":\"d\",\"history\":[]}\n"
    let rows = try dataset(text, plugin: "jsonl").examples(in: 0..<3)
    #expect(rows[0].column("history") == .list([]))
    #expect(rows[1].column("history") == .messages([Message(role: "user", content: "c")]))
    #expect(
      try failure(text + "{\"prompt\":\"e\",\"history\":[\"f\"]}\n", plugin: "jsonl")
        .contains("rows.jsonl:4: column 'history' is a list, and a conversation in")
    )
  }

  @Test("columns choose what rewards see, and of those alone types must agree")
  func columns() throws {
    let text =
      "{\"prompt\":\"a\",\"x\":1,\"y\":\"s\"}\n{\"prompt\":\"b\",\"x\":\"1\",\"y\":\"t\"}\n"
    let kept: ParameterValue = ["columns": .array([.string("y")])]
    let rows = try dataset(text, kept, plugin: "jsonl").examples(in: 0..<2)
    #expect(rows.map(\.columns) == [[Column("y", .text("s"))], [Column("y", .text("t"))]])
    #expect(try failure(text, plugin: "jsonl").contains("column 'x' is text, and a number in"))
    #expect(
      try failure(text, ["columns": .array([.string("z")])], plugin: "jsonl")
        .contains("column 'z', named by columns, is missing")
    )
  }
}
