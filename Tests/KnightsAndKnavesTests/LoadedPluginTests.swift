import Foundation
import Testing

@testable import KnightsAndKnaves

/// The plugins as a host sees them: built libraries, opened by dlopen.
struct LoadedPluginTests {
  @Test(arguments: [
    ("knights-and-knaves-dataset", "org.stepwise.dataset.knights-and-knaves"),
    ("knights-and-knaves-reward", "org.stepwise.reward.knights-and-knaves"),
    ("gsm8k-reward", "org.stepwise.reward.gsm8k"),
  ])
  func entryAgreesWithManifest(name: String, id: String) throws {
    let plugin = try LoadedPlugin(name)
    let manifest = try Manifest(name)
    #expect(plugin.id == id)
    #expect(manifest.lines.contains("id: \(plugin.id)"))
    #expect(manifest.lines.contains("version: \(plugin.version)"))
  }

  /// The defaults stand in the manifest and in the code; they must not drift apart.
  @Test func manifestDefaultsAreTheOptions() throws {
    let plugin = try LoadedPlugin("knights-and-knaves-dataset")
    let defaults = try Manifest("knights-and-knaves-dataset").defaults
    #expect(defaults.count == 14)
    let json = "{\(defaults.map { "\"\($0)\":\($1)" }.joined(separator: ","))}"
    let explicit = try plugin.component(json)
    let implicit = try plugin.component("{}")
    #expect(try explicit.count() == 1000)
    #expect(try explicit.rows(0..<20) == implicit.rows(0..<20))
  }

  @Test func rowsOfTheDataset() throws {
    let plugin = try LoadedPlugin("knights-and-knaves-dataset")
    let dataset = try plugin.component(
      #"{"people": 3, "people_max": 4, "form": "terse", "size": 40, "seed": -7, "split": "test", "names": 6, "cot": "checks", "demonstration_limit": 30}"#
    )
    #expect(try dataset.count() == 40)
    // Out of order and overlapping, as a host that shuffles asks.
    let late = try dataset.rows(25..<40)
    let rows = try dataset.rows(0..<40)
    #expect(Array(rows[25...]) == late)
    #expect(rows.map(\.id) == Array(0..<40))
    #expect(rows.map(\.difficulty) == (0..<40).map { $0.isMultiple(of: 2) ? 3 : 4 })

    var options = PuzzleDatasetOptions()
    options.people = 3...4
    options.form = .terse
    options.size = 40
    options.seed = UInt64(bitPattern: -7)
    options.split = .test
    options.names = 6
    options.style = .checks
    options.demonstrationLimit = 30
    var expected = try PuzzleDataset(options)
    for (index, row) in rows.enumerated() {
      let example = try expected.example(at: index)
      #expect(row.prompt == .text(example.prompt))
      #expect(row.completion == (index < 30 ? .text(try #require(example.completion)) : .null))
      #expect(row.stepBoundaries == example.stepBoundaries.map { UInt64($0) })
      #expect(row.columns["form"] == .text("terse"))
      #expect(row.columns["quiz"] == .text(example.quiz))
      #expect(row.columns["solution_text"] == .text(example.solutionText))
      #expect(row.columns["names"] == .list(example.wording.names.map { .text($0) }))
      let roles = example.puzzle.solution.map { Cell.text($0 ? "knight" : "knave") }
      #expect(row.columns["roles"] == .list(roles))
      #expect(row.columns["role_words"] == .list([.text("knight"), .text("knave")]))
      #expect(row.columns["people"] == .int(Int64(example.puzzle.people)))
      #expect(row.columns["statements"] == .text(example.puzzle.json))
    }
  }

  /// Rows of the dataset plugin, answered right and wrong, judged by the reward plugin.
  @Test(arguments: ExampleForm.allCases, ["knight/knave", "angel/devil", "knave/knight"])
  func rewardOfTheDatasetsRows(form: ExampleForm, roles: String) throws {
    let dataset = try LoadedPlugin("knights-and-knaves-dataset").component(
      #"{"form": "\#(form.rawValue)", "role_words": "\#(roles)", "size": 30}"#
    )
    let reward = try LoadedPlugin("knights-and-knaves-reward")
    let logicRL = try reward.component("{}")
    let binary = try reward.component(
      #"{"values": "binary", "form": "\#(form.rawValue)"}"#
    )
    #expect(try logicRL.declaration() == (-3...3, 3, ["solution_text"]))
    #expect(try binary.declaration() == (0...1, 1, ["solution_text"]))

    let rows = try dataset.rows(0..<30)
    let items = try rows.map { row in
      (
        prompt: try #require(row.prompt.string), completion: try #require(row.completion.string),
        columns: row.columns.map { ($0, $1) }
      )
    }
    #expect(try logicRL.scores(items) == Array(repeating: 3, count: 30))
    #expect(try binary.scores(items) == Array(repeating: 1, count: 30))
    let solutions = try rows.map { row in
      guard case .list(let names)? = row.columns["names"],
        case .list(let roles)? = row.columns["roles"]
      else { throw LoadedPluginError(description: "no names or roles") }
      return zip(names, roles).map { "\($0.string ?? "") \($1.string ?? "")" }
        .joined(separator: ", ")
    }
    #expect(try logicRL.answers(items) == solutions)
    #expect(try binary.answers(items) == solutions)
    // Each answered with the next one's completion: never right, for the names differ.
    let shifted = items.indices.map { index in
      (items[index].prompt, items[(index + 1) % 30].completion, items[index].columns)
    }
    #expect(try binary.scores(shifted) == Array(repeating: 0, count: 30))
  }

  @Test func rewardOfForeignRows() throws {
    let reward = try LoadedPlugin("knights-and-knaves-reward").component("{}")
    let solution = ("solution_text", Cell.text("(1) Emma is a knight"))
    let right = "Assistant: <think></think><answer>Emma is a knight</answer>"
    let scores = try reward.scores([
      // Without a column `form` the rules are Logic-RL's.
      (prompt: "", completion: right, columns: [solution]),
      (prompt: "", completion: right, columns: [solution, ("form", .null)]),
      (
        prompt: "", completion: "answer Emma knight", columns: [solution, ("form", .text("terse"))]
      ),
      (prompt: "", completion: right, columns: [solution, ("form", .text("prose"))]),
      (prompt: "", completion: right, columns: [("solution_text", .int(1))]),
      (prompt: "", completion: right, columns: [("solution_text", .text("nobody"))]),
      (prompt: "", completion: right, columns: [solution, ("role_words", .list([.text("x")]))]),
    ])
    #expect(scores == [3, 3, 3, nil, nil, nil, nil])
  }

  @Test func answersOfRows() throws {
    let reward = try LoadedPlugin("knights-and-knaves-reward").component(#"{"form": "terse"}"#)
    let solution = ("solution_text", Cell.text("(1) Emma is a knight\n(2) Liam is a knave"))
    let completions = [
      "answer Emma knave Liam knave", "so answer Liam knave Emma knave <eos>", "answer Emma knave",
      "answer Emma knight Liam knave",
    ]
    let items = completions.map { (prompt: "", completion: $0, columns: [solution]) }
    #expect(
      try reward.answers(items)
        == ["Emma knave, Liam knave", "Emma knave, Liam knave", nil, "Emma knight, Liam knave"]
    )
    let nobody = (prompt: "", completion: "", columns: [("solution_text", Cell.text("nobody"))])
    let error = #expect(throws: LoadedPluginError.self) { try reward.answers([items[0], nobody]) }
    #expect(try #require(error).description.contains("item 1 (id 101, row 0): column"))
  }

  @Test func gsm8kAnswers() throws {
    let plugin = try LoadedPlugin("gsm8k-reward")
    let digits = String(repeating: "1234567890", count: 20)
    let items = [
      "#### 1,800", "#### 1800.0 or 18", "so 1800.", "", "#### ,", "#### \(digits)", "-.50",
    ].map { (prompt: "", completion: $0, columns: [("answer", Cell.text("18"))]) }
    #expect(
      try plugin.component("{}").answers(items)
        == ["1800", "1800.0", nil, nil, nil, digits, nil]
    )
    #expect(
      try plugin.component(#"{"mode": "flexible"}"#).answers(items)
        == ["1800", "18", "1800", nil, nil, digits, "-0.5"]
    )
  }

  @Test func gsm8kScores() throws {
    let plugin = try LoadedPlugin("gsm8k-reward")
    let items = [
      ("#### 18", "9 * 2 = 18\n#### 18"), ("It is 18.0", "18"), ("#### 19", "#### 18"), ("", "18"),
    ].map { (prompt: "", completion: $0, columns: [("answer", Cell.text($1))]) }
    for (parameters, expected) in [
      ("{}", [1.0, 0, 0, 0]), (#"{"mode":"strict"}"#, [1, 0, 0, 0]),
      (#"{ "mode" : "flexible" }"#, [1, 1, 0, 0]),
    ] {
      let reward = try plugin.component(parameters)
      #expect(try reward.declaration() == (0...1, 1, ["answer"]))
      #expect(try reward.scores(items) == expected)
    }
    let broken = try plugin.component("{}").scores([
      (prompt: "", completion: "#### 1", columns: [("answer", .int(1))]),
      (prompt: "", completion: "#### 1", columns: [("answer", .text("one"))]),
    ])
    #expect(broken == [nil, nil])
  }

  @Test(arguments: [
    (#"{"people": 1}"#, "people"), (#"{"people": 4, "people_max": 3}"#, "people_max"),
    (#"{"names": 2}"#, "names"), (#"{"form": "prose"}"#, "text, terse, logic-rl, logic-rl-base"),
    (#"{"split": "validation"}"#, "train, test"), (#"{"cot": "checks"}"#, "short and long"),
    (#"{"perturbation": "all"}"#, "statement, leaf"), (#"{"role_words": "a/b"}"#, "angel/devil"),
    (#"{"size": "many"}"#, "size"),
  ])
  func impossibleParameters(parameters: String, message: String) throws {
    let plugin = try LoadedPlugin("knights-and-knaves-dataset")
    let error = #expect(throws: LoadedPluginError.self) { try plugin.component(parameters) }
    #expect(try #require(error).description.contains(message), "\(error?.description ?? "")")
  }

  @Test func tooFewPuzzles() throws {
    let dataset = try LoadedPlugin("knights-and-knaves-dataset").component(
      #"{"people": 2, "size": 5000, "split": "test"}"#
    )
    let error = #expect(throws: LoadedPluginError.self) { try dataset.rows(4000..<4001) }
    #expect(try #require(error).description.contains("ask for a smaller size"))
  }
}

/// A plugin's manifest, as far as these tests look into it.
private struct Manifest {
  let lines: [String]

  init(_ name: String) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Plugins/\(name)/plugin.yaml")
    lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// The first component's parameters with a default, as JSON values.
  var defaults: [(String, String)] {
    var defaults: [(String, String)] = []
    var key = ""
    func indentation(_ line: String) -> Int { line.prefix { $0 == " " }.count }
    let start = lines.firstIndex { $0.hasSuffix(" parameters:") || $0 == "parameters:" }
    guard let start else { return [] }
    let outer = indentation(lines[start])
    for line in lines[start...].dropFirst() {
      guard indentation(line) > outer else { break }
      if indentation(line) == outer + 2, let colon = line.firstIndex(of: ":") {
        key = String(line[..<colon].dropFirst(outer + 2))
      }
      guard let match = line.firstMatch(of: /\bdefault: ([^ ,}]+)/) else { continue }
      let value = String(match.1)
      let isBare = Int(value) != nil || ["true", "false"].contains(value)
      defaults.append((key, isBare ? value : "\"\(value)\""))
    }
    return defaults
  }
}
