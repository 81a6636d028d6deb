import Components
import PluginHost

/// A component's `example` in the manifest: parameters, what goes in, and what shall come out.
///
///     example:
///       parameters: { mode: strict }
///       input: { completion: "9 * 2 = 18\n#### 18", columns: { answer: "18" } }     # one item, or a list of items
///       expect: { score: 1 }                                                          # one outcome, or a list
///
/// An item has the keys of a batch file (see `BatchFile`). In its place `batch: example.jsonl` names a batch file beside the
/// manifest. An outcome is `{score: NUMBER}`, `{abstain: true}`, with or beside it `{answer: TEXT}`; `tolerance` (default 0) is how
/// far a score may be off. For a dataset `input` is `{row: N}` and `expect` any of id, prompt, completion, difficulty, columns and
/// count. For a strategy `input` is `{steps: N}` and `expect` is `{kinds: [sft, rl, ...]}`, over a simulated run.
struct WorkedExample {
  /// What a reward shall say of one item.
  struct Expectation: Equatable {
    var score: Double?
    var abstains = false
    var answer: String?
  }

  var parameters: ParameterValue = .null
  /// Items for a reward, in order.
  var batches: [RewardBatch] = []
  var expectations: [Expectation] = []
  var tolerance = 0.0
  /// What is given to a dataset or a strategy, and expected of it.
  var input: ParameterValue = .null
  var expect: ParameterValue = .null
  private let file: String
  private static let keys = ["parameters", "input", "batch", "expect", "tolerance"]
  /// The batch file that a plugin's folder has by custom.
  static let customaryFile = "example.jsonl"

  init(_ component: PluginManifest.Component, directory: String) throws {
    file = "\(directory)/\(PluginManifest.fileName)"
    let value = component.example
    if value == .null { return }
    guard case .object(let entries) = value else {
      throw problem("is \(value.typeName)", cure: "write a table with input and expect")
    }
    for entry in entries where !Self.keys.contains(entry.key) {
      let near = nearestName(to: entry.key, among: Self.keys).map { "did you mean '\($0)'?" }
      throw problem(
        "has the unknown key '\(entry.key)'",
        cure: near ?? "it takes \(Self.keys.joined(separator: ", "))"
      )
    }
    parameters = value["parameters"] ?? .null
    input = value["input"] ?? .null
    expect = value["expect"] ?? .null
    guard component.kind == .reward else { return }
    do {
      try readReward(value, directory: directory)
    } catch let error as BatchFileError {
      throw CheckEnd.failed(error.description, cure: error.cure)
    }
  }

  private mutating func readReward(_ value: ParameterValue, directory: String) throws {
    if let tolerance = value["tolerance"] {
      guard let number = tolerance.number, number >= 0 else {
        throw problem("has the tolerance \(tolerance.json)", cure: "write a number from 0")
      }
      self.tolerance = number
    }
    switch (value["batch"], value["input"]) {
    case (.string(let name)?, nil):
      batches = try BatchFile.read("\(directory)/\(name)")
    case (nil, let input?):
      let items: [ParameterValue]
      if case .array(let list) = input { items = list } else { items = [input] }
      let lines = items.map(\.json).joined(separator: "\n")
      batches = try BatchFile.parse(Array(lines.utf8), file: "\(file), example.input")
    case (nil, nil): break
    default:
      throw problem(
        "has both 'batch' and 'input', or a 'batch' that is no name",
        cure: "name a batch file, or write the items"
      )
    }
    guard let expect = value["expect"], expect != .null else { return }
    if case .array(let list) = expect {
      for item in list { expectations.append(try expectation(item)) }
    } else {
      expectations = [try expectation(expect)]
    }
    let count = batches.reduce(0) { $0 + $1.items.count }
    guard expectations.count == count else {
      throw problem(
        "expects \(expectations.count) outcomes of \(count) items",
        cure: "write one outcome for each item"
      )
    }
  }

  private func expectation(_ value: ParameterValue) throws -> Expectation {
    guard case .object(let entries) = value, !entries.isEmpty else {
      throw problem("expects \(value.json)", cure: "write {score: NUMBER} or {abstain: true}")
    }
    var expectation = Expectation()
    for entry in entries {
      switch (entry.key, entry.value) {
      case ("score", let number) where number.number != nil: expectation.score = number.number
      case ("abstain", .bool(true)): expectation.abstains = true
      case ("answer", .string(let text)): expectation.answer = text
      default:
        throw problem(
          "expects \(entry.key): \(entry.value.json)",
          cure: "write {score: NUMBER}, {abstain: true} or {answer: \"TEXT\"}"
        )
      }
    }
    return expectation
  }

  private func problem(_ message: String, cure: String) -> CheckEnd {
    .failed("\(file): 'example' \(message)", cure: cure)
  }
}
