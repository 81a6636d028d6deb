import Components
import Testing

@Suite("jsonl, rows")
struct JSONLRowTests {
  /// The only row of a file with this line.
  private func row(_ line: String, _ parameters: ParameterValue = [:]) throws -> Example {
    let file = try TemporaryFile(line + "\n")
    let dataset = try shippedDataset("jsonl", merge(["path": .string(file.path)], parameters))
    #expect(dataset.count == 1)
    return try dataset.examples(in: 0..<1)[0]
  }

  @Test("prompt, with and without completion, and any columns")
  func prompt() throws {
    #expect(
      try row(
        #"{"prompt": "1+1=", "answer": "2", "level": 3, "share": 0.5, "easy": true, "note": null}"#
      )
        == Example(
          id: 0,
          prompt: .text("1+1="),
          columns: [
            Column("answer", .text("2")), Column("level", .int(3)), Column("share", .real(0.5)),
            Column("easy", .int(1)), Column("note", .null),
          ]
        )
    )
    #expect(
      try row(#"{"prompt": "1+1=", "completion": "2"}"#)
        == Example(id: 0, prompt: .text("1+1="), completion: .text("2"))
    )
    #expect(try row(#"{"prompt": "1+1=", "completion": null}"#).completion == nil)
  }

  @Test("prompt and completion as messages")
  func conversational() throws {
    let example = try row(
      #"{"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}], "completion": [{"role": "assistant", "content": "Hello"}]}"#
    )
    #expect(
      example.prompt
        == .messages([
          Message(role: "system", content: "Be brief."), Message(role: "user", content: "Hi"),
        ])
    )
    #expect(example.completion == .messages([Message(role: "assistant", content: "Hello")]))
    #expect(example.columns.isEmpty)
  }

  @Test("messages: the assistant's last turn is the completion, what precedes it the prompt")
  func messages() throws {
    let example = try row(
      #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}], "id": 7}"#
    )
    #expect(
      example.prompt
        == .messages([
          Message(role: "user", content: "a"), Message(role: "assistant", content: "b"),
          Message(role: "user", content: "c"),
        ])
    )
    #expect(example.completion == .messages([Message(role: "assistant", content: "d")]))
    #expect(example.columns == [Column("id", .int(7))])
    let open = try row(#"{"messages": [{"role": "user", "content": "a"}]}"#)
    #expect(open.prompt == .messages([Message(role: "user", content: "a")]))
    #expect(open.completion == nil)
  }

  @Test("conversations in ShareGPT's form")
  func conversations() throws {
    let example = try row(
      #"{"conversations": [{"from": "system", "value": "s"}, {"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}"#
    )
    #expect(
      example.prompt
        == .messages([Message(role: "system", content: "s"), Message(role: "user", content: "q")])
    )
    #expect(example.completion == .messages([Message(role: "assistant", content: "a")]))
  }

  @Test("text: an empty prompt")
  func text() throws {
    #expect(
      try row(#"{"text": "Once upon a time"}"#)
        == Example(id: 0, prompt: .text(""), completion: .text("Once upon a time"))
    )
    #expect(
      try row(#"{"story": "Once", "text": "other"}"#, ["text_column": "story"])
        == Example(
          id: 0,
          prompt: .text(""),
          completion: .text("Once"),
          columns: [Column("story", .text("Once")), Column("text", .text("other"))]
        )
    )
  }

  @Test("renamed columns stay for the rewards; a difficulty")
  func renamed() throws {
    let example = try row(
      #"{"question": "q", "answer": "a #### 1", "hard": 2}"#,
      ["prompt_column": "question", "completion_column": "answer", "difficulty_column": "hard"]
    )
    #expect(example.prompt == .text("q"))
    #expect(example.completion == .text("a #### 1"))
    #expect(example.difficulty == 2)
    #expect(example.columns.map(\.name) == ["question", "answer", "hard"])
    #expect(example.column("answer") == .text("a #### 1"))
  }

  @Test("a prompt made by a template")
  func template() throws {
    let example = try row(
      #"{"question": "How many?", "n": 3, "x": 0.5, "answer": "3"}"#,
      [
        "prompt_template": "{{Q}} {question}\n{n}/{x}\nA:", "completion_column": "answer",
      ]
    )
    #expect(example.prompt == .text("{Q} How many?\n3/0.5\nA:"))
    #expect(example.completion == .text("3"))
    #expect(example.columns.map(\.name) == ["question", "n", "x", "answer"])
  }

  @Test("columns of every type: lists, conversations, nested objects, numbers beyond 64 bits")
  func columnTypes() throws {
    let example = try row(
      #"{"prompt": "p", "l": [1, 2.5, "x", null, [true]], "e": [], "m": [{"role": "user", "content": "q"}], "o": {"b": [1, {"c": "\n"}], "a": null}, "i": 9223372036854775807, "j": 9223372036854775808, "k": 1.0, "z": -0.0, "x": 1e2}"#
    )
    #expect(
      example.column("l")
        == .list([.int(1), .real(2.5), .text("x"), .null, .list([.int(1)])])
    )
    #expect(example.column("e") == .list([]))
    #expect(example.column("m") == .messages([Message(role: "user", content: "q")]))
    #expect(example.column("o") == .text(#"{"b":[1,{"c":"\n"}],"a":null}"#))
    #expect(example.column("i") == .int(.max))
    #expect(example.column("j") == .real(9_223_372_036_854_775_808))
    #expect(example.column("k") == .real(1))
    #expect(example.column("x") == .real(100))
  }

  @Test("escapes, surrogate pairs, NUL, and letters that are canonically equal but not the same")
  func strings() throws {
    let example = try row(
      #"{"prompt": "\u0041\n\t\"\\\/\u0000|\ud83d\ude00|é|e\u0301", "\u00e9": 1, "e\u0301": 2}"#
    )
    let expected = "A\n\t\"\\/\0|😀|\u{E9}|e\u{301}"
    #expect(Array(example.prompt.plain.utf8) == Array(expected.utf8))
    #expect(example.columns.map { Array($0.name.utf8) } == [[0xC3, 0xA9], [0x65, 0xCC, 0x81]])
    #expect(example.columns.map(\.value) == [.int(1), .int(2)])
  }

  @Test("of a column that stands twice the last value counts")
  func duplicates() throws {
    #expect(
      try row(#"{"prompt": "a", "x": 1, "prompt": "b", "x": 2}"#)
        == Example(id: 0, prompt: .text("b"), columns: [Column("x", .int(2))])
    )
  }
}
