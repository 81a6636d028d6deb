import Components
import Foundation
import PluginConformance
import Testing

/// The form of a manifest's `example`.
@Suite(.serialized) struct ExampleTests {
  /// An example of a reward that scores size mod 11 / 10, what is found, and a word of it.
  static let cases: [(String, CheckAnswer, String)] = [
    ("{ input: { completion: abc }, expect: { score: 0.3 } }", .passed, ""),
    (
      "{ input: [{ completion: abc }, { completion: \"\" }], expect: [{ score: 0.3 }, { score: 0 }] }",
      .passed, ""
    ),
    ("{ input: { completion: abc }, expect: { score: 0.31 }, tolerance: 0.02 }", .passed, ""),
    ("{ batch: rows.jsonl, expect: [{ score: 0.1 }, { score: 0.2 }] }", .passed, ""),
    ("{ input: { completion: abc } }", .skipped, "no example with 'expect'"),
    ("{ input: { completion: abc }, expect: { score: 0.4 } }", .failed, "says 0.4, it is 0.3"),
    ("{ input: { completion: abc }, expect: { abstain: true } }", .failed, "says abstain"),
    ("{ input: { completion: abc }, expect: { answer: x } }", .failed, "it is no answer"),
    (
      "{ input: { completion: abc }, expect: [{ score: 0.3 }, { score: 1 }] }", .failed,
      "expects 2 outcomes of 1 items"
    ),
    ("{ input: { completion: abc }, expect: { scores: 0.3 } }", .failed, "expects scores: 0.3"),
    ("{ input: { completion: abc }, expected: { score: 1 } }", .failed, "did you mean 'expect'?"),
    ("{ input: { prompt: abc }, expect: { score: 1 } }", .failed, "'completion' is missing"),
    ("{ input: { completion: abc }, batch: rows.jsonl }", .failed, "both 'batch' and 'input'"),
  ]

  @Test(arguments: cases) func ofAReward(example: String, answer: CheckAnswer, word: String) throws
  {
    let fixture = try FaultFixture("good-reward")
    let manifest = fixture.folder.appending(path: "plugin.yaml")
    let text = try String(contentsOf: manifest, encoding: .utf8) + "example: \(example)\n"
    try Data(text.utf8).write(to: manifest)
    try Data(#"{"completion": "a"}"#.utf8 + [10] + #"{"completion": "ab"}"#.utf8).write(
      to: fixture.folder.appending(path: "rows.jsonl")
    )
    let results = try CheckRunner(host: .built(), filter: "example").run(fixture.subject)
    let result = try #require(results.first { $0.test == "example" })
    // An example that cannot be read keeps the component from being tried at all.
    if result.found == CheckRunner.notReached {
      let gate = try #require(
        try CheckRunner(host: .built(), filter: "load.component").run(fixture.subject).first
      )
      #expect(word.isEmpty || (gate.found + gate.cure).contains(word), "\(gate.found) \(gate.cure)")
    } else {
      #expect(result.answer == answer, "\(result.found)")
      #expect(
        word.isEmpty || (result.found + result.cure).contains(word),
        "\(result.found) \(result.cure)"
      )
    }
  }
}
