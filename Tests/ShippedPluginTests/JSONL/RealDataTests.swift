import Components
import Foundation
import Testing

/// The files that the project is measured on, where they lie beside the checkout.
@Suite("jsonl, real data")
struct RealDataTests {
  static let shared = URL(
    fileURLWithPath: ProcessInfo.processInfo.environment["STEPWISE_SHARED"]
      ?? packageRoot.deletingLastPathComponent().appendingPathComponent("shared").path
  )

  static func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: shared.appendingPathComponent(name).path)
  }

  private func dataset(_ name: String, _ parameters: ParameterValue) throws -> any Dataset {
    let path = Self.shared.appendingPathComponent(name).path
    return try shippedDataset("jsonl", merge(["path": .string(path)], parameters))
  }

  @Test(
    "GSM8K",
    .enabled(if: has("data/gsm8k/train.jsonl.gz"), "needs ../shared/data/gsm8k"),
    arguments: [("train", 7_473), ("test", 1_319)]
  )
  func gsm8k(split: String, count: Int) throws {
    let dataset = try dataset(
      "data/gsm8k/\(split).jsonl.gz",
      ["prompt_template": "{question}\n", "completion_column": "answer"]
    )
    #expect(dataset.count == count)
    for row in try dataset.examples(in: 0..<count) {
      guard case .text(let prompt) = row.prompt, case .text(let completion)? = row.completion,
        case .text(let question)? = row.column("question")
      else {
        Issue.record("row \(row.id) has another form")
        continue
      }
      #expect(prompt == question + "\n")
      #expect(row.column("answer") == .text(completion))
      #expect(completion.contains("\n#### "))
    }
    if split == "train" {
      #expect(
        try dataset.examples(in: 0..<1)[0].prompt.plain.hasPrefix("Natalia sold clips to 48")
      )
    }
  }

  @Test(
    "Knights and Knaves, with its number of people as difficulty",
    .enabled(if: has("data/kk/train.jsonl.gz"), "needs ../shared/data/kk")
  )
  func knightsAndKnaves() throws {
    let dataset = try dataset(
      "data/kk/train.jsonl.gz",
      ["prompt_column": "quiz", "difficulty_column": "n"]
    )
    #expect(dataset.count == 6_200)
    let rows = try dataset.examples(in: 0..<6_200)
    #expect(Set(rows.compactMap(\.difficulty)) == [2, 3, 4, 5, 6, 7, 8])
    for row in rows {
      guard case .list(let names)? = row.column("names"), let difficulty = row.difficulty else {
        Issue.record("row \(row.id) has no names")
        continue
      }
      #expect(names.count == Int(difficulty))
    }
  }

  @Test(
    "MATH-500",
    .enabled(if: has("data/math/math500_test.jsonl.gz"), "needs ../shared/data/math")
  )
  func math() throws {
    let dataset = try dataset(
      "data/math/math500_test.jsonl.gz",
      [
        "prompt_column": "problem", "completion_column": "solution", "difficulty_column": "level",
      ]
    )
    #expect(dataset.count == 500)
    #expect(Set(try dataset.examples(in: 0..<500).compactMap(\.difficulty)) == [1, 2, 3, 4, 5])
  }
}
