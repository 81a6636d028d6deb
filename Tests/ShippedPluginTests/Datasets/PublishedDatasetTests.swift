import Components
import Foundation
import Testing

/// GSM8K, MATH and Knights and Knaves as their authors publish them, on rows of the same form.
@Suite("Published datasets")
struct PublishedDatasetTests {
  private func dataset(
    _ plugin: String,
    _ text: String,
    _ parameters: ParameterValue = [:],
    name: String = "train.jsonl"
  ) throws -> any Dataset {
    let file = try TemporaryFile(text, name: name)
    return try shippedDataset(plugin, merge(["path": .string(file.path)], parameters))
  }

  private func failure(
    _ plugin: String,
    _ text: String,
    _ parameters: ParameterValue = [:]
  ) throws -> String {
    let error = try #require(throws: (any Error).self) { try dataset(plugin, text, parameters) }
    return "\(error)"
  }

  private static func line(_ object: [String: String]) throws -> String {
    let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  // MARK: - GSM8K

  private static let gsm8k: [String: String] = [
    "question": "Ann has 3 boxes of 6 pens. How many?",
    "answer": "She has 3*6 = <<3*6=18>>18 pens.\nAll in all: 18.\n#### 1,018",
  ]

  @Test("GSM8K: the worked solution without the calculator's marks, with the places of its lines")
  func gsm8k() throws {
    let row = try dataset("gsm8k", try Self.line(Self.gsm8k)).examples(in: 0..<1)[0]
    #expect(row.prompt == .text("Ann has 3 boxes of 6 pens. How many?\n"))
    #expect(row.completion == .text("She has 3*6 = 18 pens.\nAll in all: 18.\n#### 1,018"))
    #expect(row.stepBoundaries == [0, 23, 39])
    // The reward reads the solution as it is published.
    #expect(row.column("answer") == .text(Self.gsm8k["answer"]!))
    #expect(row.column("final_answer") == .text("1,018"))
  }

  @Test("GSM8K: what a completion holds, and another template")
  func gsm8kParameters() throws {
    let text = try Self.line(Self.gsm8k)
    func row(_ parameters: ParameterValue) throws -> Example {
      try dataset("gsm8k", text, parameters).examples(in: 0..<1)[0]
    }
    #expect(try row(["demonstrations": "answer"]).completion == .text("#### 1,018"))
    #expect(try row(["demonstrations": "none"]).completion == nil)
    #expect(
      try row(["calculator": .bool(true)]).completion == .text(Self.gsm8k["answer"]!)
    )
    #expect(
      try row(["prompt_template": "Q: {question} {{x}}\nA:"]).prompt
        == .text("Q: Ann has 3 boxes of 6 pens. How many? {x}\nA:")
    )
  }

  @Test("GSM8K: a folder has a file for each split; one that is missing is named")
  func gsm8kFolder() throws {
    let train = try TemporaryFile(try Self.line(Self.gsm8k), name: "train.jsonl")
    let folder = URL(fileURLWithPath: train.path).deletingLastPathComponent().path
    #expect(try shippedDataset("gsm8k", ["path": .string(folder)]).count == 1)
    let error = try #require(throws: (any Error).self) {
      try shippedDataset("gsm8k", ["path": .string(folder), "split": "test"])
    }
    #expect("\(error)".contains("\(folder) has no test.jsonl or test.jsonl.gz"), "\(error)")
  }

  @Test(
    "GSM8K: faults with their line",
    arguments: [
      ("{\"question\": \"a\"}", "column 'answer' is missing"),
      (
        "{\"question\": 3, \"answer\": \"#### 3\"}", "column 'question' is a whole number, not text"
      ),
      ("{\"question\": \"a\", \"answer\": \"18\"}", "does not end in a line '#### '"),
      ("{\"question\": \"a\", \"answer\": \"#### 18\\nmore\"}", "does not end in a line '#### '"),
      ("{\"question\": \"\", \"answer\": \"#### 18\"}", "the question is empty"),
      ("{\"question\"", "not JSON"),
    ]
  )
  func gsm8kFaults(line: String, words: String) throws {
    let good = try Self.line(Self.gsm8k)
    let message = try failure("gsm8k", good + line + "\n")
    #expect(message.contains("train.jsonl:2: "), "\(message)")
    #expect(message.contains(words), "\(message)")
    let rest = try dataset("gsm8k", good + line + "\n" + good, ["on_bad_row": "skip"])
    #expect(rest.count == 2)
    #expect(try rest.examples(in: 0..<2).map(\.id) == [0, 2])
  }

  // MARK: - MATH

  @Test(
    "MATH: the boxed answer",
    arguments: [
      ("so $\\boxed{4}$.", "4"), ("$\\boxed{1}$ then $\\boxed{\\frac{1}{2}}$", "\\frac{1}{2}"),
      ("It is $\\boxed 2$ dollars", "2"), ("$\\fbox{a{b}c}$", "a{b}c"), ("$\\boxed{}$", ""),
    ]
  )
  func boxed(solution: String, answer: String) throws {
    let text = try Self.line([
      "problem": "?", "solution": solution, "level": "Level 3", "type": "Algebra",
    ])
    let row = try dataset("math", text).examples(in: 0..<1)[0]
    #expect(row.column("answer") == .text(answer))
    #expect(row.column("subject") == .text("Algebra"))
    #expect(row.difficulty == 3)
    #expect(row.completion == .text(solution))
  }

  @Test("MATH: a tree of files, by subject and number; levels and subjects choose")
  func tree() throws {
    let root = FileManager.default.temporaryDirectory
      .appendingPathComponent("stepwise-math-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (subject, number, level) in [
      ("geometry", 1, "Level 5"), ("algebra", 10, "Level 2"), ("algebra", 2, "Level ?"),
    ] {
      let folder = root.appendingPathComponent("train/\(subject)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let text = try Self.line([
        "problem": "\(subject) \(number)", "solution": "\\boxed{\(number)}", "level": level,
        "type": subject,
      ])
      try Data(text.utf8).write(to: folder.appendingPathComponent("\(number).json"))
    }
    func prompts(_ parameters: ParameterValue) throws -> [String] {
      let dataset = try shippedDataset("math", merge(["path": .string(root.path)], parameters))
      return try dataset.examples(in: 0..<dataset.count!).map(\.prompt.plain)
    }
    #expect(try prompts([:]) == ["algebra 2\n", "algebra 10\n", "geometry 1\n"])
    #expect(try prompts(["min_level": 2]) == ["algebra 10\n", "geometry 1\n"])
    #expect(try prompts(["subjects": .array([.string("geometry")])]) == ["geometry 1\n"])
    #expect(throws: (any Error).self) { try prompts(["min_level": 3, "max_level": 4]) }
    #expect(throws: (any Error).self) { try prompts(["split": "test"]) }
    // A problem whose file is empty is missed, not passed over.
    try Data().write(to: root.appendingPathComponent("train/algebra/3.json"))
    let error = try #require(throws: (any Error).self) { try prompts([:]) }
    #expect("\(error)".contains("train/algebra/3.json: not JSON"), "\(error)")
    #expect(
      try prompts(["on_bad_row": "skip"]) == ["algebra 2\n", "algebra 10\n", "geometry 1\n"]
    )
  }

  @Test("MATH: faults")
  func mathFaults() throws {
    let message = try failure("math", "{\"problem\": \"a\", \"solution\": \"no box\"}\n")
    #expect(message.contains("train.jsonl:1: the solution has no \\boxed answer"), "\(message)")
    #expect(
      try dataset("math", "{\"problem\": \"a\", \"solution\": \"b\", \"answer\": \"c\"}\n")
        .examples(in: 0..<1)[0].column("answer") == .text("c")
    )
  }

  // MARK: - Knights and Knaves

  private static let record = """
    {"names":["Zoey","Luke"],"statements":"(('not', ('telling-truth', 1)), ('and', ('lying', 0), ('lying', 1)))","solution":[true,false],"quiz":"At a gate."}

    """

  @Test("Knights and Knaves: a record in Python's spelling, in each form")
  func record() throws {
    func row(_ parameters: ParameterValue) throws -> Example {
      try dataset("knights-and-knaves-records", Self.record, parameters).examples(in: 0..<1)[0]
    }
    let text = try row([:])
    #expect(text.prompt.plain.contains("### Question: At a gate.\n### Answer:"))
    #expect(
      text.completion?.plain.hasSuffix("CONCLUSION:\n(1) Zoey is a knight\n(2) Luke is a knave")
        == true
    )
    #expect(text.column("solution_text") == .text("(1) Zoey is a knight\n(2) Luke is a knave"))
    #expect(text.difficulty == 2)
    let terse = try row(["form": "terse", "demonstrations": "direct"])
    #expect(
      terse.prompt == .text("Zoey says not Luke knight ; Luke says Zoey knave and Luke knave ?")
    )
    #expect(terse.completion == .text(" answer Zoey knight Luke knave"))
    #expect(try row(["prompt_template": "{quiz} Who?"]).prompt == .text("At a gate. Who?"))
  }

  @Test(
    "Knights and Knaves: faults",
    arguments: [
      (
        "[true,false]", "[false,false]",
        "column 'solution' is [false,false], and the statements give"
      ),
      ("('lying', 0)", "('lying', 2)", "not the number of a person"),
      ("('lying', 0)", "('lies', 0)", "the tag 'lies'"),
      ("'not'", "'lying', 9, 'x'", "not the number of a person"),
      ("[\"Zoey\",\"Luke\"]", "[\"Zoey\",\"Zoey\"]", "different names"),
      ("('and', ('lying', 0), ('lying', 1))", "('lying', 0)", "exactly one solution"),
    ]
  )
  func recordFaults(old: String, new: String, words: String) throws {
    let message = try failure(
      "knights-and-knaves-records",
      Self.record.replacing(old, with: new)
    )
    #expect(message.contains("train.jsonl:1: "), "\(message)")
    #expect(message.contains(words), "\(message)")
  }

  @Test("Knights and Knaves: the number of people chooses; the most without the fewest is refused")
  func people() throws {
    let plugin = "knights-and-knaves-records"
    #expect(try dataset(plugin, Self.record, ["people": 2]).count == 1)
    #expect(try dataset(plugin, Self.record, ["people": 2, "people_max": 3]).count == 1)
    #expect(try failure(plugin, Self.record, ["people": 3]).contains("none of the 1 rows"))
    #expect(
      try failure(plugin, Self.record, ["people_max": 3]).contains("people_max is given without")
    )
  }

  // MARK: - The real files

  @Test(
    "the published files are read whole",
    .enabled(if: RealDataTests.has("data/gsm8k/train.jsonl.gz"), "needs ../shared/data"),
    arguments: [
      ("gsm8k", "data/gsm8k", "train", 7_473), ("gsm8k", "data/gsm8k", "test", 1_319),
      ("math", "data/math", "test", 500),
      ("knights-and-knaves-records", "data/kk", "train", 6_200),
      ("knights-and-knaves-records", "data/kk", "test", 700),
    ]
  )
  func real(plugin: String, folder: String, split: String, count: Int) throws {
    let dataset = try shippedDataset(
      plugin,
      [
        "path": .string(RealDataTests.shared.appendingPathComponent(folder).path),
        "split": .string(split),
      ]
    )
    #expect(dataset.count == count)
    for row in try dataset.examples(in: 0..<count) where plugin == "math" {
      #expect(row.column("answer") != nil && row.difficulty != nil)
    }
  }

  @Test(
    "on all of MATH-500 the boxed answer is the one that is given beside it",
    .enabled(if: RealDataTests.has("data/math/math500_test.jsonl.gz"), "needs ../shared/data")
  )
  func boxedAnswers() throws {
    let file = RealDataTests.shared.appendingPathComponent("data/math/math500_test.jsonl.gz")
    let rows = try shippedDataset("math", ["path": .string(file.path)]).examples(in: 0..<500)
    let bare = try rows.map { row -> String in
      guard case .text(let problem)? = row.column("problem"),
        case .text(let solution)? = row.column("solution")
      else { throw CocoaError(.coderInvalidValue) }
      return try Self.line(["problem": problem, "solution": solution])
    }
    let found = try dataset("math", bare.joined()).examples(in: 0..<500)
    for (row, other) in zip(rows, found) {
      #expect(row.column("answer") == other.column("answer"), "\(row.column("problem") ?? .null)")
    }
  }

  @Test(
    "a published chain of thought is reproduced to the byte",
    .enabled(if: RealDataTests.has("data/kk/train.jsonl.gz"), "needs ../shared/data")
  )
  func realThought() throws {
    let dataset = try shippedDataset(
      "knights-and-knaves-records",
      ["path": .string(RealDataTests.shared.appendingPathComponent("data/kk").path)]
    )
    let plain = try shippedDataset(
      "jsonl",
      [
        "path": .string(RealDataTests.shared.appendingPathComponent("data/kk/train.jsonl.gz").path),
        "prompt_column": "quiz",
      ]
    )
    for (row, record) in zip(
      try dataset.examples(in: 0..<500),
      try plain.examples(in: 0..<500)
    ) {
      guard case .list(let steps)? = record.column("cot") else { continue }
      let text = steps.map { step -> String in
        if case .text(let text) = step { return text }
        return ""
      }.joined(separator: " ")
      #expect(row.completion?.plain.contains(text) == true)
    }
  }
}
