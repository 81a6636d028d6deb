import Components
import PluginHost
import Testing

@Suite struct BatchFileTests {
  @Test func aPlainRowJustWorks() throws {
    let batches = try parse(
      #"{"prompt": "2 + 2?", "completion": "4", "answer": "4", "level": 3}"# + "\r\n\n"
        + #"{"completion": "5", "columns": {"answer": "4"}}"#
    )
    #expect(batches.count == 1)
    let (first, second) = (batches[0].items[0], batches[0].items[1])
    #expect(batches[0].step == 0 && batches[0].seed == 0)
    #expect(first.id == 0 && first.example.id == 0)
    #expect(first.example.prompt == .text("2 + 2?"))
    #expect(first.promptText == "2 + 2?")
    #expect(first.completion == "4" && first.completionWithSpecialTokens == "4")
    #expect(first.example.columns == [Column("answer", .text("4")), Column("level", .int(3))])
    #expect(first.completionIDs.isEmpty && !first.truncated)
    #expect(second.id == 1 && second.example.prompt == .text(""))
    #expect(second.example.columns == [Column("answer", .text("4"))])
  }

  @Test func conversations() throws {
    let item = try parse(
      #"""
      {"prompt": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}], "completion": [{"role": "assistant", "content": "a"}], "history": [{"content": "x", "role": "tool"}], "empty": [], "tags": ["a", ["b", 1, 1.0]], "no": false, "meta": {"b": 1, "a": [null]}}
      """#
    )[0].items[0]
    #expect(
      item.example.prompt
        == .messages([Message(role: "system", content: "s"), Message(role: "user", content: "q")])
    )
    #expect(item.promptText == "s\nq")
    #expect(item.completion == "a")
    #expect(item.example.column("history") == .messages([Message(role: "tool", content: "x")]))
    #expect(item.example.column("empty") == .list([]))
    #expect(
      item.example.column("tags") == .list([.text("a"), .list([.text("b"), .int(1), .real(1)])])
    )
    #expect(item.example.column("no") == .int(0))
    #expect(item.example.column("meta") == .text(#"{"b":1,"a":[null]}"#))
  }

  @Test func anotherStepOrSeedStartsAnotherBatch() throws {
    let lines = [(0, 7), (0, 7), (1, 7), (1, 8), (1, 7)].map {
      #"{"completion": "", "step": \#($0.0), "seed": \#($0.1)}"#
    }
    let batches = try parse(lines.joined(separator: "\n"))
    #expect(batches.map(\.items.count) == [2, 1, 1, 1])
    #expect(batches.map(\.step) == [0, 1, 1, 1])
    #expect(batches.map(\.seed) == [7, 7, 8, 7])
    #expect(batches.flatMap { $0.items.map(\.id) } == [0, 1, 2, 3, 4])
    #expect(try parse(" \n\n").isEmpty)
  }

  /// A line, and words that the error must have.
  static let mistakes: [(String, [String])] = [
    (#"{"completion": "x", "#, ["line 2", "not JSON", "one JSON object a line"]),
    (#"["completion"]"#, ["line 2", "is a list"]),
    (#"{"prompt": "x"}"#, ["'completion' is missing"]),
    (#"{"completion": 3}"#, ["'completion' is 3", "write text"]),
    (#"{"completion": "x", "completion": "y"}"#, ["'completion' is there twice"]),
    (#"{"completion": "x", "prompt": [{"role": "user"}]}"#, ["'prompt' is [{\"role\":\"user\"}]"]),
    (#"{"completion": "x", "id": -1}"#, ["'id' is -1", "2^64 - 1"]),
    (#"{"completion": "x", "id": 0}"#, ["'id' is 0, as on line 1"]),
    (#"{"completion": "x", "id": 18446744073709551616}"#, ["'id' is 18446744073709551616"]),
    (#"{"completion": "x", "completion_ids": [1, 2.5]}"#, ["'completion_ids[1]' is 2.5"]),
    (#"{"completion": "x", "completion_ids": [3000000000]}"#, ["32 bits"]),
    (#"{"completion": "x", "truncated": 1}"#, ["'truncated' is 1", "true or false"]),
    (#"{"completion": "x", "step": -2}"#, ["'step' is -2"]),
    (#"{"completion": "x", "a": 1, "columns": {"a": 2}}"#, ["'columns.a' is a column twice"]),
    (#"{"completion": "x", "columns": [1]}"#, ["'columns' is a list"]),
    (#"{"completion": "x", "example": "y"}"#, ["'example' is text", "into 'columns'"]),
    (#"{"completion": "x", "example": {"dificulty": 2}}"#, ["did you mean 'difficulty'?"]),
    (#"{"completion": "x", "example": {"difficulty": NaN}}"#, ["'example.difficulty' is NaN"]),
    (#"{"completion": "\ud800 x"}"#, ["half of a surrogate pair", "\\ufffd"]),
    (#"{"completion": "\ud800\ud800"}"#, ["half of a surrogate pair"]),
    ("{\"completion\": \"a\tb\"}", ["control character"]),
    (#"{"completion": 01}"#, ["this is no value"]),
    (
      #"{"completion": "", "deep": "#
        + String(repeating: "[", count: 34) + String(repeating: "]", count: 34) + "}",
      ["deeper than 32 lists"]
    ),
    (#"{"completion": "", "deep": "# + String(repeating: "[", count: 129), ["too deeply"]),
  ]

  @Test(arguments: mistakes) func namesFileLineKeyAndCure(line: String, words: [String]) throws {
    let error = #expect(throws: BatchFileError.self) {
      try parse(#"{"completion": "", "id": 0}"# + "\n" + line)
    }
    let text = try #require(error).description
    for word in ["batch.jsonl, line 2"] + words { #expect(text.contains(word), "\(text)") }
  }

  @Test func bytesThatAreNotUTF8() throws {
    let bytes = Array(#"{"completion": ""#.utf8) + [0xFF, 0xC0] + Array(#""}"#.utf8)
    let error = #expect(throws: BatchFileError.self) {
      _ = try BatchFile.parse(bytes, file: "batch.jsonl")
    }
    #expect(try #require(error).description.contains("not UTF-8"))
  }

  @Test func aFileThatIsNotThere() throws {
    let error = #expect(throws: BatchFileError.self) { try BatchFile.read("/nowhere/b.jsonl") }
    #expect(try #require(error).description.contains("/nowhere/b.jsonl: cannot open"))
  }

  // MARK: - Round trip

  static let texts = [
    "", "plain", "NUL \0 inside", "\u{FFFD}", "👩‍👩‍👧 \u{1F600}", "quote \" backslash \\ slash /",
    "\r\n\t\u{8}\u{C}\u{1F}\u{7F}\u{2028}", "e\u{301} vs \u{E9}", "\u{10FFFF}\u{D7FF}\u{E000}",
  ]

  static let values: [ColumnValue] = [
    .null, .int(.max), .int(.min), .int(9_007_199_254_740_993), .real(5), .real(-0.0),
    .real(0.1), .real(.leastNonzeroMagnitude), .real(.greatestFiniteMagnitude), .real(.infinity),
    .real(-.infinity), .text("{\"$messages\":[]}"), .list([]), .list([.list([]), .null]),
    .messages([]), .messages([Message(role: "", content: "\0")]),
    .list([.messages([Message(role: "user", content: "q")]), .messages([])]),
  ]

  @Test func readsBackEqual() throws {
    var items: [RewardItem] = []
    for (index, text) in Self.texts.enumerated() {
      items.append(
        RewardItem(
          id: .max - UInt64(index),
          example: Example(
            id: UInt64(index),
            prompt: index % 2 == 0
              ? .text(text) : .messages([Message(role: "user", content: text)]),
            completion: index % 3 == 0 ? .text(text) : index % 3 == 1 ? .messages([]) : nil,
            difficulty: index % 2 == 0 ? 0.1 : nil,
            stepBoundaries: index == 0 ? [0, 3] : [],
            columns: Self.values.enumerated().map { Column("\(text)\($0)", $1) }
              + [Column("completion", .int(1)), Column("example", .text("x"))]
          ),
          promptText: text + "!",
          completion: text,
          completionWithSpecialTokens: text + "<eos>",
          completionIDs: [.min, 0, .max],
          truncated: index == 1
        )
      )
    }
    let batches = [
      RewardBatch(step: 3, seed: .max, items: items),
      RewardBatch(step: 4, seed: .max, items: [items[0]]),
    ]
    let text = BatchFile.text(batches)
    let read = try parse(text)
    #expect(read.count == 2 && read[0].items.count == items.count)
    #expect(read[0].step == 3 && read[0].seed == .max && read[1].step == 4)
    for (a, b) in zip(items, read[0].items) {
      #expect(a.id == b.id && a.example == b.example)
      #expect(a.completionIDs == b.completionIDs && a.truncated == b.truncated)
      for (x, y) in [
        (a.promptText, b.promptText), (a.completion, b.completion),
        (a.completionWithSpecialTokens, b.completionWithSpecialTokens),
        (a.example.prompt.plain, b.example.prompt.plain),
      ] {
        #expect(Array(x.utf8) == Array(y.utf8))
      }
      // == of text is canonical equivalence, of reals 0 equals -0.
      for (x, y) in zip(a.example.columns, b.example.columns) {
        #expect(Array(x.name.utf8) == Array(y.name.utf8))
        if case .real(let x) = x.value, case .real(let y) = y.value {
          #expect(x.bitPattern == y.bitPattern)
        }
      }
    }
    #expect(BatchFile.text(read) == text)
  }

  @Test func notANumberReadsBack() throws {
    let item = try parse(#"{"completion": "", "x": NaN, "y": [-Infinity, 1e400]}"#)[0].items[0]
    guard case .real(let number)? = item.example.column("x") else {
      Issue.record("x is \(String(describing: item.example.column("x")))")
      return
    }
    #expect(number.isNaN)
    #expect(item.example.column("y") == .list([.real(-.infinity), .real(.infinity)]))
    let text = BatchFile.text([RewardBatch(step: 0, seed: 0, items: [item])])
    #expect(
      text == #"{"id":0,"prompt":"","completion":"","columns":{"x":NaN,"y":[-Infinity,Infinity]}}"#
        + "\n"
    )
  }

  @Test func parametersFromJSON() throws {
    let text = #"{"a": [1, 2.0, -0, 1e3, 99999999999999999999], "b": null, "é": "\u0000"}"#
    let value = try ParameterValue(json: Array(text.utf8))
    #expect(value["a"] == .array([.int(1), .double(2), .int(0), .double(1000), .double(1e20)]))
    #expect(value["b"] == .null)
    #expect(value["é"] == .string("\0"))
  }

  private func parse(_ text: String) throws(BatchFileError) -> [RewardBatch] {
    try BatchFile.parse(Array(text.utf8), file: "batch.jsonl")
  }
}
